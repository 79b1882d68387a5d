// The `rows` mode: samples of chosen tags as plain rows in PostgreSQL, for people who ask in SQL. A mirror, never the store.
import type { Pool } from 'pg'
import type { Logger } from 'pino'
import type { Batch } from '#core/batch.ts'
import type { Clock } from '#core/clock.ts'
import { ConfigError } from '#core/errors.ts'
import type { TagPath } from '#core/path.ts'
import type { Kind } from '#core/tag.ts'
import { tagPattern } from '#core/tag-pattern.ts'
import { dayUs, type Micros } from '#core/time.ts'
import { commitRows } from './commit-rows.ts'
import { CopyRows } from './copy-rows.ts'
import { failure } from './failure.ts'
import { keepDaysMin, type Layout } from './layout.ts'
import { openTables, withClient } from './tables.ts'
import { newestTimes, tagNumbers } from './tag-numbers.ts'

export interface RowMirrorOptions {
  readonly pool: Pool
  /** Tags by their path, see `tagPattern`; a tag is mirrored when any of them matches. */
  readonly patterns: readonly string[]
  /** Whole days before today that are kept: 3 to 4000, which is eleven years, and the default. */
  readonly keepDays?: number
  readonly clock: Clock
  readonly log: Pick<Logger, 'warn' | 'info'>
}

export interface MirrorCounts {
  /** Rows that PostgreSQL has now. */
  readonly mirrored: number
  /** Rows of chosen tags that are older than what is kept. */
  readonly expired: number
}

export interface RowMirror {
  /** Makes the tables. Throws `RetryLater` while PostgreSQL is away. */
  open(): Promise<void>
  /**
   * Mirrors the rows of chosen tags, arrays left out, and resolves when they are committed. Writing rows again changes nothing; of several at
   * one tag and time the last one wins. Throws `RetryLater`; some of the batches may be there then, so write all of them again.
   */
  write(batches: readonly Batch[]): Promise<MirrorCounts>
  /** Whether samples of a tag are mirrored. */
  mirrors(path: TagPath, kind: Kind): boolean
  /** The oldest time that is mirrored now. */
  keepsFrom(): Micros
  /** The newest time mirrored of each tag that has any. */
  newest(): Promise<ReadonlyMap<TagPath, Micros>>
  /** Drops the days that are too old at a time. */
  prune(now: Micros): Promise<void>
  /** Waits for what is under way. The pool is its owner's to end. */
  close(): Promise<void>
}

/** As many day partitions as PostgreSQL plans over without trouble. */
const keepDaysMax = 4000
/** How much goes into one transaction. */
const bytesMax = 4 << 20

export function createRowMirror({ pool, patterns, keepDays = keepDaysMax, clock, log }: RowMirrorOptions): RowMirror {
  if (!(keepDays >= keepDaysMin && keepDays <= keepDaysMax))
    throw new ConfigError(`rows for SQL cannot be kept for ${keepDays} days; write ${keepDaysMin} to ${keepDaysMax}`)
  const tests = patterns.map(tagPattern)
  const mirrors = (path: TagPath, kind: Kind) => kind !== 'array' && tests.some((matches) => matches(path))
  /** Rows beyond the newest of their tag, and all others: only these may meet a row that is there. */
  const ahead = new CopyRows()
  const late = new CopyRows()
  const days = new Set<number>()
  let numbers = tagNumbers(pool, mirrors)
  let layout: Layout | undefined
  let underWay: Promise<unknown> = Promise.resolve()

  const inTurn = <T>(act: () => Promise<T>, doing: string): Promise<T> => {
    const result = underWay.then(act).catch((error: unknown) => {
      // What was known of the tables may be wrong now.
      numbers = tagNumbers(pool, mirrors)
      layout = undefined
      throw failure(error, doing)
    })
    underWay = result.catch(() => {})
    return result
  }
  const opened = async () => (layout ??= await openTables(pool, log))
  const start = (now: Micros) => (Math.floor(now / dayUs) - Math.floor(keepDays)) * dayUs

  async function write(batches: readonly Batch[]): Promise<MirrorCounts> {
    await opened()
    const keptFrom = start(clock.now())
    let mirrored = 0
    let expired = 0
    ahead.clear()
    late.clear()
    days.clear()
    for (const batch of batches) {
      const tags = await numbers.of(batch)
      const { count, tag, time, value, quality, kinds, texts } = batch
      for (let row = 0; row < count; row++) {
        const number = tags[tag[row] as number] as number
        if (number < 0) continue
        const at = time[row] as Micros
        if (at < keptFrom) {
          expired++
          continue
        }
        days.add(Math.floor(at / dayUs))
        const rows = numbers.isNewest(number, at) ? ahead : late
        const one = value[row] as number
        const isText = kinds[tag[row] as number] === 'text'
        rows.add(number, at, isText ? Number.NaN : one, isText ? texts[one] : undefined, quality[row] as number)
        mirrored++
        if (ahead.bytes + late.bytes > bytesMax) await flush()
      }
    }
    await flush()
    return { mirrored, expired }
  }

  async function flush(): Promise<void> {
    if (ahead.count + late.count === 0) return
    const tables = await opened()
    await withClient(pool, async (client) => {
      await tables.prepare(client, days)
      await commitRows(client, ahead, late)
    })
    ahead.clear()
    late.clear()
    days.clear()
  }

  return {
    open: () => inTurn(async () => void (await opened()), 'rows for SQL cannot be kept'),
    write: (batches) => inTurn(() => write(batches), 'rows for SQL cannot be written'),
    mirrors,
    keepsFrom: () => start(clock.now()),
    newest: () =>
      inTurn(async () => {
        await opened()
        return newestTimes(pool)
      }, 'rows for SQL cannot be read'),
    prune: (now) =>
      inTurn(async () => {
        const tables = await opened()
        const dropped = await withClient(pool, (client) => tables.drop(client, start(now)))
        if (dropped.length > 0) log.info(`rows for SQL: dropped ${dropped.join(', ')}`)
      }, 'old rows for SQL cannot be dropped'),
    close: async () => void (await underWay),
  }
}
