// Keeps a row mirror up with the store: what is stored is mirrored within moments, what was missed (an overflow, a restart, tags that were
// not mirrored before) is read from the store again. PostgreSQL may be away for any time; nothing else waits for it.
import type { Batch } from '#core/batch.ts'
import type { Bus } from '#core/bus.ts'
import { every, sleep, type Clock } from '#core/clock.ts'
import { messageOf, RetryLater } from '#core/errors.ts'
import type { TagPath } from '#core/path.ts'
import type { Store } from '#core/store.ts'
import { minuteUs, type Micros } from '#core/time.ts'
import type { Logger } from 'pino'
import type { RowMirror } from './row-mirror.ts'

export interface RowFeedOptions {
  readonly mirror: RowMirror
  readonly store: Pick<Store, 'tag' | 'tags' | 'read'>
  readonly bus: Pick<Bus, 'subscribe'>
  readonly clock: Clock
  readonly log: Pick<Logger, 'warn' | 'info'>
  /** Rows that wait for PostgreSQL in memory; beyond it they are read from the store later. */
  readonly rowsMax?: number
}

export interface RowFeed {
  /** Why rows are not mirrored now, or undefined when they are. */
  trouble(): string | undefined
  /** How much is still to do: rows that wait, and tags that are read from the store again. */
  behind(): { readonly rows: number; readonly tags: number }
  /** Stops after what is under way; the next start goes on from what is mirrored. */
  stop(): Promise<void>
}

const rowsMaxDefault = 500_000
/** Rows read from the store at a time. */
const pageRows = 20_000
const retryMsMin = 1000
const retryMsMax = 30_000
const pruneMs = 3_600_000
/** How far before its newest mirrored row a tag is read again at the start: rows that came late just before an end. */
const overlapUs = 10 * minuteUs

export function startRowFeed({ mirror, store, bus, clock, log, rowsMax = rowsMaxDefault }: RowFeedOptions): RowFeed {
  const stopping = new AbortController()
  let waiting: Batch[] = []
  let waitingRows = 0
  /** Tags to read from the store again, from a time on. */
  const missed = new Map<TagPath, Micros>()
  let trouble: string | undefined
  let wake = () => {}

  const noteMissed = (path: TagPath, from: Micros) => missed.set(path, Math.min(from, missed.get(path) ?? from))

  function take(batch: Batch): void {
    if (waitingRows + batch.count <= rowsMax) {
      waiting.push(batch)
      waitingRows += batch.count
    } else
      for (let row = 0; row < batch.count; row++) {
        const tag = batch.tag[row] as number
        if (mirror.mirrors(batch.tags[tag] as TagPath, batch.kinds[tag] as Batch['kinds'][number]))
          noteMissed(batch.tags[tag] as TagPath, batch.time[row] as Micros)
      }
    wake()
  }

  async function compareWithStore(): Promise<void> {
    const newest = await mirror.newest()
    for (const { path, kind } of store.tags())
      if (mirror.mirrors(path, kind)) noteMissed(path, Math.max((newest.get(path) ?? 0) - overlapUs, mirror.keepsFrom()))
  }

  async function writeWaiting(): Promise<void> {
    const batches = waiting
    waiting = []
    try {
      await mirror.write(batches)
    } catch (error) {
      // What can never be written must not hold up everything else for ever.
      if (!(error instanceof RetryLater)) waitingRows -= rowsOf(batches)
      else waiting = [...batches, ...waiting]
      throw error
    }
    waitingRows -= rowsOf(batches)
  }

  /** Reads and mirrors the next rows of one tag. Nothing that was stored before may wait then: it would be laid over what is newer. */
  async function writeMissed(path: TagPath, from: Micros): Promise<void> {
    missed.delete(path)
    try {
      const { time, value, quality, texts } = await store.read(path, from, Number.MAX_SAFE_INTEGER, pageRows)
      const count = time.length
      const kind = store.tag(path)?.kind
      if (kind === undefined || count === 0) return
      await mirror.write([{ tags: [path], kinds: [kind], count, tag: new Uint32Array(count), time, value, quality, texts, arrays: [] }])
      if (count === pageRows) noteMissed(path, (time.at(-1) as Micros) + 1)
    } catch (error) {
      noteMissed(path, from)
      throw error
    }
  }

  async function step(): Promise<void> {
    if (waiting.length > 0) return writeWaiting()
    for (const [path, from] of missed) return writeMissed(path, from)
    const woken = Promise.withResolvers<void>()
    wake = woken.resolve
    await woken.promise
  }

  async function run(): Promise<void> {
    let compared = false
    let retryMs = retryMsMin
    while (!stopping.signal.aborted) {
      try {
        if (!compared) await compareWithStore()
        compared = true
        await step()
        if (trouble !== undefined) log.info('rows for SQL are written again')
        trouble = undefined
        retryMs = retryMsMin
      } catch (error) {
        if (trouble === undefined) log.warn(messageOf(error))
        trouble = messageOf(error)
        await sleep(clock, retryMs, stopping.signal)
        retryMs = Math.min(retryMs * 2, retryMsMax)
      }
    }
  }

  const unsubscribe = bus.subscribe('stored', take)
  const prune = () => mirror.prune(clock.now()).catch((error: unknown) => log.warn(messageOf(error)))
  const stopPruning = every(clock, pruneMs, prune)
  const ended = run()
  return {
    trouble: () => trouble,
    behind: () => ({ rows: waitingRows, tags: missed.size }),
    async stop() {
      unsubscribe()
      stopPruning()
      stopping.abort()
      wake()
      await ended
      await mirror.close()
    },
  }
}

const rowsOf = (batches: readonly Batch[]) => batches.reduce((sum, { count }) => sum + count, 0)
