// A store at work, whatever shelf and log it has: memory, log, sealing, retention, put together, recovered, and closed in the right order.
import { every, type Clock } from '#core/clock.ts'
import type { Log } from '#core/driver.ts'
import type { RetryLater } from '#core/errors.ts'
import type { Delivery } from '#core/store.ts'
import { CommitQueue } from './commit-queue.ts'
import type { Desk } from './desk.ts'
import type { RecordLog } from './record-log.ts'
import { Retention, type RetentionSettings } from './retention.ts'
import { Sealer } from './sealer.ts'
import type { SealedLookup, ShelfReader, Totals } from './shelf.ts'
import { Telemetry, type TagIds } from './telemetry.ts'
import { TimeSlice } from './time-slice.ts'

export interface EngineSettings {
  readonly clock: Clock
  readonly log: Log
  /** Rows in memory before they are sealed; while they are, as many again may come. About 20 bytes each. */
  readonly hotRowsMax: number
  /** Bytes of texts and arrays in memory before they are sealed; as many again may come meanwhile. */
  readonly hotBytesMax: number
  /** Bytes of log before what it covers is sealed. */
  readonly logBytesMax: number
  /** Rows are sealed after so long, however few. */
  readonly sealAfterMs: number
  /** How often it is looked whether sealing is due, or has failed and is to be tried again. */
  readonly sealRetryMs: number
  /** Bytes of appends that may wait; beyond, `append` throws `RetryLater`. */
  readonly queueBytesMax: number
  readonly retention: RetentionSettings
}

export const engineDefaults = {
  log: { info: () => {}, warn: (message: string) => process.emitWarning(message) } satisfies Log,
  hotRowsMax: 4_000_000,
  hotBytesMax: 64 << 20,
  logBytesMax: 256 << 20,
  sealAfterMs: 600_000,
  sealRetryMs: 10_000,
  queueBytesMax: 256 << 20,
  retention: { rules: [], bytesMax: Infinity } satisfies RetentionSettings,
}

export interface EngineParts {
  readonly settings: EngineSettings
  readonly shelf: ShelfReader
  readonly lookup: SealedLookup
  readonly desk: Desk
  readonly recordLog: RecordLog
  readonly slice: TimeSlice
  /** The ids of new tags, where others give ids as well. */
  readonly tagIds?: TagIds
  /** What to do when the shelf takes nothing. */
  readonly sealMend: string
  /** Fills memory with what the shelf knows of tags and sources. */
  readonly load: (telemetry: Telemetry) => Promise<Totals & { segment: number }>
  readonly bytesOnDisk: () => number
  /** The sentence for a shelf that takes nothing. */
  readonly sealFault: (reason: string) => RetryLater
}

export interface Engine extends Pick<EngineParts, 'shelf' | 'desk' | 'recordLog' | 'slice' | 'bytesOnDisk'> {
  readonly telemetry: Telemetry
  readonly queue: CommitQueue
  readonly sealer: Sealer
  readonly retention: Retention
  /** Seals all there is and stops; the log is closed by whoever opened it. */
  readonly close: () => Promise<void>
}

/** Recovers what the shelf and the log hold, and starts. */
export async function startEngine(parts: EngineParts): Promise<Engine> {
  const { settings, shelf, lookup, desk, recordLog, slice, bytesOnDisk } = parts
  const { clock, hotRowsMax, hotBytesMax, logBytesMax, sealAfterMs, sealRetryMs } = settings
  const telemetry = new Telemetry(lookup, parts.tagIds)
  const isFull = () => telemetry.hotRows >= hotRowsMax || telemetry.hotBytes >= hotBytesMax || recordLog.segmentBytes >= logBytesMax
  const queue = new CommitQueue(
    {
      get tagCount() {
        return telemetry.tagCount
      },
      get sourceCount() {
        return telemetry.sourceCount
      },
      newest: (source) => telemetry.newest(source),
      kind: (path) => telemetry.kind(path),
      knows: (tags, kinds) => telemetry.knows(tags, kinds),
      learn: (news) => telemetry.learn(news),
      apply: (delivery) => telemetry.apply(delivery),
      ...(lookup.prefetch && { prepare }),
      write: (deliveries) => recordLog.write(deliveries),
      isFull,
      makeRoom,
    },
    settings.queueBytesMax,
    slice,
  )
  const sealer = new Sealer({
    telemetry,
    lookup,
    desk,
    log: recordLog,
    pause: () => slice.pause(),
    report: settings.log,
    mend: parts.sealMend,
    exclusively: (act) => queue.exclusively(act),
  })

  /** Freezing makes room at once; when something is frozen already, only its sealing does. */
  async function makeRoom(): Promise<void> {
    if (isFull() && !sealer.isFrozen) await sealer.freeze()
    while (isFull()) {
      await sealer.seal()
      if (sealer.failure !== undefined) throw parts.sealFault(sealer.failure)
    }
  }

  async function prepare(deliveries: readonly Delivery[]): Promise<void> {
    await lookup.prefetch?.(() => telemetry.lateTimes(deliveries))
  }

  const sealed = await parts.load(telemetry)
  await recordLog.start(sealed.segment, async (deliveries) => {
    for (const delivery of deliveries) {
      await prepare([delivery])
      telemetry.replay(delivery)
    }
  })
  sealer.begin(sealed)
  const retention = new Retention({ telemetry, sealer, desk, bytesOnDisk, settings: settings.retention, report: settings.log })
  let sealedAt = clock.now()
  const stopTimer = every(clock, sealRetryMs, async () => {
    if (sealer.failure !== undefined || clock.now() - sealedAt >= sealAfterMs * 1000) {
      sealedAt = clock.now()
      await sealer.seal()
    }
    void retention.look()
  })

  async function close(): Promise<void> {
    stopTimer()
    await queue.drain()
    await sealer.seal()
    if (sealer.failure === undefined) await sealer.seal()
  }
  return { telemetry, shelf, desk, recordLog, slice, bytesOnDisk, queue, sealer, retention, close }
}
