// The telemetry that benchmarks load: the same seed gives the same rows. Tags at 1 Hz, three decimals, whole milliseconds: 60 % slow walks,
// 25 % noise around a level, 15 % set-points that rarely change; 70 % stamped at exact seconds, the others up to 9 ms later; 1 % of the rows
// come late (up to two hours), 0.5 % twice.
import { qualities } from '#core/quality.ts'
import { secondUs, type Micros } from '#core/time.ts'
import { BatchWriter, rowsPerBatch, type Row, type Telemetry } from './telemetry-file.ts'

export interface TelemetryShape {
  readonly tags: number
  readonly seed?: number
  readonly start?: Micros
}

/** Goes on where its last file ended. Rows that come late or twice still come in the file of their own second. */
export interface TelemetrySource {
  /** Writes about as many unique rows as `points` says: whole seconds of all tags. */
  write(file: string, points: number): Telemetry
}

/** Peers know no quality: what is not good is uncertain here, so that every row counts everywhere. */
const qualityCodes = [
  qualities.good.code,
  qualities.uncertainLastUsable.code,
  qualities.uncertainSensorNotAccurate.code,
  qualities.uncertainSubNormal.code,
] as const
const defaultStart = Date.UTC(2026, 0, 1) * 1000

export function createTelemetry({ tags, seed = 12_345, start = defaultStart }: TelemetryShape): TelemetrySource {
  const random = mulberry32(seed)
  const sampleOf = createSignals(tags, random)
  let second = 0
  return {
    write(file, points) {
      const out = new BatchWriter(file)
      const deferred = new Map<number, Row[]>()
      const defer = (until: number, row: Row) => {
        const rows = deferred.get(until)
        if (rows) rows.push(row)
        else deferred.set(until, [row])
      }
      const [first, end] = [second, second + Math.max(1, Math.round(points / tags))]
      const newestTime = new Float64Array(tags)
      const newestValue = new Float64Array(tags)
      let sumThousandths = 0n
      for (; second < end; second++) {
        deferred.get(second)?.forEach(out.add)
        deferred.delete(second)
        let sum = 0
        for (let tag = 0; tag < tags; tag++) {
          const row = sampleOf(tag, start + second * secondUs)
          sum += Math.round(row.value * 1000)
          newestTime[tag] = row.time
          newestValue[tag] = row.value
          const fate = random()
          if (fate < 0.009) defer(second + 5 + below(600), row)
          else if (fate < 0.01) defer(second + 600 + below(6600), row)
          else out.add(row)
          if (fate >= 0.01 && fate < 0.0145) defer(second + 1 + below(50), row)
          else if (fate >= 0.01 && fate < 0.015) defer(second + 1000 + below(3600), row)
        }
        sumThousandths += BigInt(sum)
      }
      for (const until of [...deferred.keys()].toSorted((a, b) => a - b)) deferred.get(until)?.forEach(out.add)
      const batches = out.close()
      const rows = batches * rowsPerBatch
      const [from, to] = [start + first * secondUs, start + end * secondUs]
      return { file, tags, batches, rows, unique: (end - first) * tags, sumThousandths, from, to, newestTime, newestValue }
    },
  }

  function below(bound: number): number {
    return Math.floor(random() * bound)
  }
}

/** What each tag measures next; `time` is a whole second. */
function createSignals(tags: number, random: () => number): (tag: number, time: Micros) => Row {
  const gauss = () => (random() + random() + random() + random() - 2) * 1.732
  const kind = new Uint8Array(tags)
  const level = new Float64Array(tags)
  const current = new Float64Array(tags)
  const deviation = new Float64Array(tags)
  const exact = new Uint8Array(tags)
  /** How many samples a tag is still not good. */
  const notGood = new Int32Array(tags)
  for (let tag = 0; tag < tags; tag++) {
    const share = random()
    kind[tag] = share < 0.6 ? 0 : share < 0.85 ? 1 : 2
    current[tag] = level[tag] = 20 + random() * 480
    deviation[tag] = kind[tag] === 0 ? 0.02 + random() * 0.1 : 0.3 + random() * 0.5
    exact[tag] = random() < 0.7 ? 1 : 0
  }
  return (tag, time) => {
    const before = current[tag] as number
    const middle = level[tag] as number
    if (kind[tag] === 0) current[tag] = before + gauss() * (deviation[tag] as number)
    else if (kind[tag] === 1) current[tag] = middle + 0.9 * (before - middle) + gauss() * (deviation[tag] as number)
    else if (random() < 0.002) current[tag] = Math.round(middle + (random() - 0.5) * 20)
    const value = Math.round((current[tag] as number) * 1000) / 1000
    const late = exact[tag] ? 0 : Math.floor(random() * 10) * 1000
    if ((notGood[tag] as number) > 0) notGood[tag] = (notGood[tag] as number) - 1
    else if (random() < 0.0001) notGood[tag] = 1 + Math.floor(random() * 100)
    const quality = (notGood[tag] as number) > 0 ? (qualityCodes[1 + (tag % 3)] as number) : qualityCodes[0]
    return { tag, time: time + late, value, quality }
  }
}

function mulberry32(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
}
