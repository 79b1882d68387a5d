// The same telemetry in the forms in which it travels. Made before anything is measured.
import { crc32 } from 'node:zlib'
import type { Batch } from '#core/batch.ts'
import { encodeFrame } from '#core/frame.ts'
import { formatTime, secondUs } from '#core/time.ts'
import { lineProtocolEncoder } from '#bench/support/line-protocol.ts'
import { machineName, machineTags, readBatches, tagName, type Telemetry } from '#bench/support/telemetry-file.ts'
import { publishPacket } from './mqtt-packets.ts'

export type BodyKind = 'frame' | 'json' | 'lines'

/** A body per batch. */
export function httpBodies(kind: BodyKind, telemetry: Telemetry): Uint8Array[] {
  const encodeLines = lineProtocolEncoder({ tags: telemetry.tags, unitUs: 1, quality: false })
  const encoders: Record<BodyKind, (batch: Batch) => Uint8Array> = {
    frame: (batch) => encodeFrame(batch, crc32),
    json: (batch) => Buffer.from(JSON.stringify(samplesOf(batch))),
    lines: (batch) => Buffer.from(encodeLines(batch)),
  }
  return Array.from(readBatches(telemetry), encoders[kind])
}

function samplesOf({ tags, tag, time, value, count }: Batch): object[] {
  return Array.from({ length: count }, (_, row) => ({
    tag: tags[tag[row] as number],
    time: formatTime(time[row] as number),
    value: value[row],
  }))
}

/** Topic of a machine; its messages hold one field per tag and the whole second. */
export const topicOf = (tag: number) => `bench/${machineName(tag)}`
export const timeField = 'ts'

/** What devices publish with QoS 1: a message per machine and second, in the order of time. A list of packets for each connection. */
export function mqttPackets(telemetry: Telemetry, connections: number): Uint8Array[][] {
  const seconds = (telemetry.to - telemetry.from) / secondUs
  const values = Array.from({ length: telemetry.tags }, () => new Float64Array(seconds))
  for (const { count, tag, time, value } of readBatches(telemetry))
    for (let row = 0; row < count; row++) {
      const second = Math.floor(((time[row] as number) - telemetry.from) / secondUs)
      ;(values[tag[row] as number] as Float64Array)[second] = value[row] as number
    }
  const packets = Array.from({ length: connections }, (): Uint8Array[] => [])
  for (let second = 0; second < seconds; second++)
    for (const [machine, tags] of machineTags(telemetry.tags).entries()) {
      const fields = tags.map((tag) => [tagName(tag), values[tag]?.[second]] as const)
      const payload = JSON.stringify({ [timeField]: formatTime(telemetry.from + second * secondUs), ...Object.fromEntries(fields) })
      const own = packets[machine % connections] as Uint8Array[]
      own.push(publishPacket(topicOf(tags[0] as number), payload, own.length))
    }
  return packets
}
