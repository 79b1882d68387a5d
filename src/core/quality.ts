// Quality of a sample: one byte in a column, an OPC UA status behind it (OPC 10000-4 §7.39, OPC 10000-8 annex A).
// The two high bits are the severity, as in OPC UA: 00 good, 01 uncertain, 10 bad. The low six bits are the reason.

/** One byte; see `qualities`. */
export type Quality = number

/** Every quality with its byte and the OPC UA status code it stands for. */
export const qualities = {
  good: { code: 0x00, opcua: 0x0000_0000, text: 'good' },
  goodLocalOverride: { code: 0x01, opcua: 0x0096_0000, text: 'good, overridden by hand' },
  uncertain: { code: 0x40, opcua: 0x4000_0000, text: 'uncertain' },
  uncertainLastUsable: { code: 0x41, opcua: 0x4090_0000, text: 'last usable value' },
  uncertainSensorNotAccurate: { code: 0x42, opcua: 0x4093_0000, text: 'sensor not accurate' },
  uncertainRangeExceeded: { code: 0x43, opcua: 0x4094_0000, text: 'outside its engineering range' },
  uncertainSubNormal: { code: 0x44, opcua: 0x4095_0000, text: 'from fewer sources than required' },
  uncertainClock: { code: 0x45, opcua: 0x4000_0000, text: 'source clock suspect' },
  bad: { code: 0x80, opcua: 0x8000_0000, text: 'bad' },
  badConfiguration: { code: 0x81, opcua: 0x8089_0000, text: 'configuration error' },
  badNotConnected: { code: 0x82, opcua: 0x808a_0000, text: 'not connected' },
  badDeviceFailure: { code: 0x83, opcua: 0x808b_0000, text: 'device failure' },
  badSensorFailure: { code: 0x84, opcua: 0x808c_0000, text: 'sensor failure' },
  badOutOfService: { code: 0x85, opcua: 0x808d_0000, text: 'out of service' },
  badNoCommunication: { code: 0x86, opcua: 0x8031_0000, text: 'no communication' },
  badOutOfRange: { code: 0x87, opcua: 0x803c_0000, text: 'out of range' },
  badDecoding: { code: 0x88, opcua: 0x8007_0000, text: 'could not be decoded' },
  badStale: { code: 0x89, opcua: 0x809b_0000, text: 'stale' },
  badClock: { code: 0x8b, opcua: 0x8000_0000, text: 'source clock suspect' },
  badUnknownNode: { code: 0x8a, opcua: 0x8034_0000, text: 'does not exist on the machine' },
} as const

export type QualityName = keyof typeof qualities

const nameByCode = new Map<Quality, QualityName>((Object.keys(qualities) as QualityName[]).map((name) => [qualities[name].code, name]))
const severities = ['good', 'uncertain', 'bad', 'bad'] as const

export const good = qualities.good.code

export const isGood = (quality: Quality): boolean => quality < 0x40
export const isBad = (quality: Quality): boolean => quality >= 0x80

export function severityOf(quality: Quality): 'good' | 'uncertain' | 'bad' {
  return severities[quality >> 6] ?? 'bad'
}

/** The name of a quality byte; an unknown reason falls back to its severity. */
export function qualityName(quality: Quality): QualityName {
  return nameByCode.get(quality) ?? severityOf(quality)
}

/** The quality of a name as `qualityName` writes it, or undefined. */
export function qualityOf(name: string): Quality | undefined {
  return Object.hasOwn(qualities, name) ? qualities[name as QualityName].code : undefined
}

const codeByOpcua = new Map<number, Quality>(
  (Object.keys(qualities) as QualityName[]).toReversed().map((name) => [qualities[name].opcua, qualities[name].code]),
)

/** The quality of a 32-bit OPC UA status code; its info bits are ignored, unknown codes fall back to their severity. */
export function qualityOfStatus(status: number): Quality {
  const code = (status & 0xffff_0000) >>> 0
  return codeByOpcua.get(code) ?? (status >>> 30 === 0 ? 0x00 : status >>> 30 === 1 ? 0x40 : 0x80)
}
