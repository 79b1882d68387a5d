// Rolls up whole days of a tag into blocks of minutes and hours, and lets go of what retention does not keep. Inside a transaction of the shelf.
import { dayUs, hourUs, minuteUs, type Micros } from '#core/time.ts'
import { rowsBetween } from '#store/chunk/rows.ts'
import { column, summaryWidth } from '#store/rollup/summary.ts'
import { coarserSummaries, hourlySummaries, summariesPer } from '#store/rollup/summary-table.ts'
import type { Chunk, ShelfReader, ShelfWriter, Tier } from './shelf.ts'

/** Chunks that are decoded at once. */
const stepChunks = 32
/** A tier is worth its place when its summaries are so many times fewer than what they sum up. */
const worthwhile = 4

type Pause = () => Promise<void>

/** Rolls up the days before `until` that have not been, or have changed since. Days of few rows stay without blocks: their rows answer as fast. */
export async function rollUp(shelf: ShelfWriter, tag: number, until: number, pause: Pause): Promise<void> {
  for (let day = await shelf.rolledUntil(tag); day < until; day++) {
    const [next] = await shelf.chunks(tag, day * dayUs, until * dayUs, 1)
    if (!next) break
    day = Math.max(day, Math.floor(next.start / dayUs))
    await rollUpDay(shelf, tag, day, false, pause)
  }
  if ((await shelf.rolledUntil(tag)) < until) await shelf.setRolledUntil(tag, until)
}

/** Rolls up one day; `always`: also where the rows are so few that they answer as fast. */
export async function rollUpDay(shelf: ShelfWriter, tag: number, day: number, always: boolean, pause: Pause): Promise<void> {
  const { rows, minute, hour } = await summariesOfDay(shelf, tag, day, pause)
  const isWorth = (summaries: Float64Array, of: number) => always || of >= worthwhile * (summaries.length / summaryWidth)
  if (rows === 0) return
  if (isWorth(minute, rows)) await shelf.putBlock(tag, 'minute', { day, summaries: minute })
  if (isWorth(hour, rows)) await shelf.putBlock(tag, 'hour', { day, summaries: hour })
}

/** What the rows of a day sum up to, and how many they are. */
export async function summariesOfDay(
  shelf: Pick<ShelfReader, 'chunks' | 'rows'>,
  tag: number,
  day: number,
  pause: Pause,
): Promise<Record<Tier, Float64Array> & { rows: number }> {
  const [from, to] = [day * dayUs, (day + 1) * dayUs]
  const tables: Float64Array[] = []
  let rows = 0
  for (let cursor = from; cursor < to; ) {
    const step = await shelf.chunks(tag, cursor, to, stepChunks)
    for (const decoded of await shelf.rows(step)) {
      const part = decoded && rowsBetween(decoded, cursor, to)
      if (!part || part.count === 0) continue
      rows += part.count
      tables.push(summariesPer(part, minuteUs))
    }
    cursor = step.length < stepChunks ? to : (step.at(-1) as Chunk).end + 1
    await pause()
  }
  const minute = coarserSummaries(joinTables(tables), minuteUs)
  return { rows, minute, hour: coarserSummaries(minute, hourUs) }
}

function joinTables(tables: readonly Float64Array[]): Float64Array {
  const joined = new Float64Array(tables.reduce((sum, table) => sum + table.length, 0))
  let at = 0
  for (const table of tables) {
    joined.set(table, at)
    at += table.length
  }
  return joined
}

/** The first whole day (since 1970 UTC) that each tier keeps of a tag; -Infinity: all. */
export interface Keeping {
  readonly raw: number
  readonly minute: number
  readonly hour: number
}

/** Lets go of what is older, rolled up before; resolves to how many samples went. */
export async function expire(shelf: ShelfWriter, tag: number, isNumeric: boolean, keep: Keeping, pause: Pause): Promise<number> {
  const rawFrom = keep.raw * dayUs
  let gone = 0
  for (;;) {
    const [chunk] = await shelf.chunks(tag, -Infinity, rawFrom, 1)
    if (!chunk) break
    if (isNumeric) await rollUpBefore(shelf, tag, chunk, keep, pause)
    gone += await cutChunk(shelf, chunk, -Infinity, rawFrom, !isNumeric)
    await pause()
  }
  gone += await shelf.deleteArrays(tag, -Infinity, rawFrom)
  await shelf.deleteBlocks(tag, 'minute', -Infinity, keep.minute)
  await shelf.deleteBlocks(tag, 'hour', -Infinity, keep.hour)
  return gone
}

/** Sees to it that the days of a chunk that is going to be let go have the blocks that are kept longer. */
async function rollUpBefore(shelf: ShelfWriter, tag: number, chunk: Chunk, keep: Keeping, pause: Pause): Promise<void> {
  const last = Math.min(Math.floor(chunk.end / dayUs), keep.raw - 1)
  for (let day = Math.max(Math.floor(chunk.start / dayUs), Math.min(keep.minute, keep.hour)); day <= last; day++)
    for (const tier of ['minute', 'hour'] as const)
      if (day >= keep[tier] && (await shelf.blocks(tag, tier, day, day + 1)).length === 0) {
        await rollUpDay(shelf, tag, day, true, pause)
        break
      }
}

/** Deletes the samples with from ≤ time < to from chunks, arrays and blocks; resolves to how many samples went. `keptFrom`: the first day that has rows. */
export async function removeRange(
  shelf: ShelfWriter,
  tag: number,
  isText: boolean,
  from: Micros,
  to: Micros,
  keptFrom: number,
  pause: Pause,
): Promise<number> {
  let gone = await shelf.deleteArrays(tag, from, to)
  for (let cursor = from; ; ) {
    const [chunk] = await shelf.chunks(tag, cursor, to, 1)
    if (!chunk) break
    gone += await cutChunk(shelf, chunk, from, to, isText)
    cursor = chunk.end + 1
    await pause()
  }
  await cutBlocks(shelf, tag, from, to, keptFrom)
  return gone
}

/** Rewrites a chunk without the rows from ≤ time < to; resolves to how many they were. */
async function cutChunk(shelf: ShelfWriter, chunk: Chunk, from: Micros, to: Micros, isText: boolean): Promise<number> {
  if (from <= chunk.start && chunk.end < to) {
    await shelf.deleteChunk(chunk)
    return chunk.count
  }
  const [rows] = await shelf.rows([chunk])
  if (rows) await shelf.deleteChunk(chunk)
  else await shelf.quarantine(chunk)
  let gone = chunk.count
  for (const part of rows ? [rowsBetween(rows, -Infinity, from), rowsBetween(rows, to, Infinity)] : []) {
    if (part.count > 0) await shelf.insertChunk(chunk.tag, part, isText ? undefined : hourlySummaries(part))
    gone -= part.count
  }
  return gone
}

/** Days with rows are rolled up anew; of the others, what is left of a block stays. */
async function cutBlocks(shelf: ShelfWriter, tag: number, from: Micros, to: Micros, keptFrom: number): Promise<void> {
  const [first, end] = [Math.floor(from / dayUs), Math.ceil(to / dayUs)]
  const tiers: Tier[] = ['minute', 'hour']
  for (const tier of tiers)
    for (const { day, summaries } of await shelf.blocks(tag, tier, first, Math.min(end, keptFrom))) {
      const left: Float64Array[] = []
      for (let at = 0; at < summaries.length; at += summaryWidth) {
        const start = summaries[at + column.firstTime] as number
        if (start < from || start >= to) left.push(summaries.subarray(at, at + summaryWidth))
      }
      await shelf.deleteBlocks(tag, tier, day, day + 1)
      if (left.length > 0) await shelf.putBlock(tag, tier, { day, summaries: joinTables(left) })
    }
  const unrolled = Math.max(first, keptFrom)
  if ((await shelf.rolledUntil(tag)) <= unrolled) return
  for (const tier of tiers) await shelf.deleteBlocks(tag, tier, unrolled, end)
  await shelf.setRolledUntil(tag, unrolled)
}
