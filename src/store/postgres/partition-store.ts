// One partition of the telemetry as its owner among several processes keeps it: rows come from the partition's stream, where they are durable already;
// they are held in memory, sealed into PostgreSQL, and then let go of in the stream. Others read what is sealed by themselves and ask for the rest here.
import { randomUUID } from 'node:crypto'
import type { Pool } from 'pg'
import type { Sample } from '#core/batch.ts'
import { systemClock } from '#core/clock.ts'
import { Rejected, RetryLater } from '#core/errors.ts'
import type { TagPath } from '#core/path.ts'
import type { Delivery, StoredTag } from '#core/store.ts'
import type { Micros } from '#core/time.ts'
import { noRows } from '#store/chunk/rows.ts'
import { countDamage } from '#store/engine/damage.ts'
import { engineStore, type EngineStatistics, type EngineStore } from '#store/engine/engine-store.ts'
import { engineDefaults, type EngineSettings } from '#store/engine/engine.ts'
import type { SealedLookup } from '#store/engine/shelf.ts'
import { encodeSource } from '#store/engine/source-bytes.ts'
import { copySource } from '#store/engine/source-copy.ts'
import { loadArrays } from './load-shelf.ts'
import { readingFrom, startPartition } from './start-partition.ts'
import { StreamLog } from './stream-log.ts'

export interface PartitionEntry {
  /** Ascending, as the reader of the stream counts. */
  readonly sequence: number
  readonly delivery: Delivery
}

export interface PartitionOptions {
  readonly pool: Pool
  /** 0 to 1023. */
  readonly partition: number
  /** The fencing token of the lease: whoever opens with a higher one takes the partition from this one. */
  readonly token: number
  readonly settings?: Partial<EngineSettings>
  /** Lets go of the stream up to a sequence: its rows are committed. When it throws it is called again later. */
  readonly acknowledge: (sequence: number) => Promise<void>
  /** Another process has the partition: nothing more can be committed here, so close. May be called more than once. */
  readonly superseded: () => void
}

export interface PartitionStatistics extends EngineStatistics {
  /** Chunks and arrays that could not be read. */
  readonly damaged: number
  /** Deliveries that can never be stored, e.g. another kind for a tag. */
  readonly rejected: number
}

export interface PartitionStore extends Pick<EngineStore, 'tag' | 'tags' | 'remove' | 'seal' | 'retain'> {
  /** Takes entries in order, each as often as it comes; one call at a time. Throws `RetryLater`: then give the same entries again. */
  apply(entries: readonly PartitionEntry[]): Promise<void>
  /** All that was in the stream at the beginning has been applied: from now on `copy` and `latest` answer. */
  caughtUp(): void
  /**
   * What memory holds of a tag, with from ≤ time < to, for `decodeSource`; undefined for an unknown tag. Read it before what is sealed. Throws
   * `RetryLater` until it has caught up.
   */
  copy(path: TagPath, from: Micros, to: Micros): Uint8Array | undefined
  latest(path: TagPath): Sample | undefined
  statistics(): PartitionStatistics
  /** Seals what there is and ends; entries that are not acknowledged come to the next owner. */
  close(): Promise<void>
}

const partitionDefaults = { ...engineDefaults, hotRowsMax: 1 << 20, hotBytesMax: 16 << 20, logBytesMax: 64 << 20, sealAfterMs: 60_000 }

/** Rows that are applied at once. */
const stepRows = 1 << 16

/** Rows that come late merge when they are sealed; till then they count as new. */
const nothingSealed: SealedLookup = {
  around: (_tag, time) => ({ rows: noRows, until: time + 1 }),
  arrayAt: () => undefined,
  forget: () => {},
}

/** Takes the partition. Throws `TakenOver` when somebody has it with a higher token, `RetryLater` while PostgreSQL is away. */
export async function openPartition(options: PartitionOptions): Promise<PartitionStore> {
  const { pool, partition, token, acknowledge, superseded } = options
  const settings: EngineSettings = { ...partitionDefaults, clock: systemClock, ...options.settings }
  const { damage, count } = countDamage(settings.log)
  const reading = readingFrom(pool, damage)
  const recordLog = new StreamLog(acknowledge)
  const logName = `stream ${randomUUID()}`
  const { engine, close } = await startPartition({
    pool,
    partition,
    token,
    settings,
    reading,
    lookup: nothingSealed,
    recordLog,
    logName,
    damage,
    superseded,
  })
  const store = engineStore(() => engine, { isFar: true })
  let hasCaughtUp = false
  let rejected = 0
  const whole = () => {
    if (!hasCaughtUp) throw new RetryLater(`partition ${partition} of the telemetry is being taken over; ask again in a moment`)
    return engine.telemetry
  }

  /** A delivery that can never be stored costs itself only. */
  async function append(deliveries: readonly Delivery[]): Promise<void> {
    try {
      await engine.queue.append(deliveries)
    } catch (error) {
      if (!(error instanceof Rejected)) throw error
      if (deliveries.length > 1) for (const delivery of deliveries) await append([delivery])
      else {
        rejected++
        settings.log.warn(`a batch in partition ${partition} of the telemetry is left out: ${error.message}`)
      }
    }
  }

  return {
    tag: (path): StoredTag | undefined => store.tag(path),
    tags: store.tags,
    seal: store.seal,
    retain: store.retain,
    async apply(entries) {
      let [step, rows]: [Delivery[], number] = [[], 0]
      for (const { delivery } of entries) {
        step.push(delivery)
        rows += delivery.batch.count
        if (rows < stepRows) continue
        await append(step)
        ;[step, rows] = [[], 0]
      }
      await append(step)
      recordLog.reached(entries.at(-1)?.sequence ?? 0)
    },
    caughtUp() {
      hasCaughtUp = true
    },
    copy(path, from, to) {
      const series = whole().series.get(path)
      return series && encodeSource(copySource(series, from, to))
    },
    latest(path) {
      const series = whole().series.get(path)
      return series && store.latest(path)
    },
    async remove(path, range) {
      const gone = await store.remove(path, range)
      const series = engine.telemetry.series.get(path)
      if (series) await loadArrays(reading.reader, engine.telemetry, [series])
      return gone
    },
    statistics: () => ({ ...store.statistics(), damaged: count(), rejected }),
    close,
  }
}
