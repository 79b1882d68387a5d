// Buckets of one tag from the coarsest thing that fits into them: hours of a day's block, minutes, the hours of a chunk, rows. Whatever is rolled up is
// derived: where it is missing, or rows in memory lie over it, the finer answers.
import type { BucketColumns } from '#core/store.ts'
import { isBad } from '#core/quality.ts'
import { dayUs, hourUs, minuteUs, type Micros } from '#core/time.ts'
import { chunkRowsTarget } from '#store/chunk/chunk-codec.ts'
import { noRows, overlay, rowsBetween } from '#store/chunk/rows.ts'
import { BucketFiller } from '#store/rollup/bucket-filler.ts'
import { column, summaryWidth } from '#store/rollup/summary.ts'
import { readRowsBack, type Reading, type Source } from './history.ts'
import type { Block, Chunk } from './shelf.ts'

/** Chunks whose index is read at once; at most so many are decoded without a pause. */
const stepChunks = 32
/** Days whose blocks are read at once. */
const stepDays = 512

export async function readBuckets(reading: Reading, source: Source, edges: Float64Array): Promise<BucketColumns> {
  const filler = new BucketFiller(edges)
  const [from, to] = [edges[0] as number, edges.at(-1) as number]
  filler.begin(await holdBefore(reading, source, from))
  await new BucketReading(reading, source, filler).fill(from, to)
  return filler.finish(source.path, source.latestTime)
}

/** The value that holds at `from` from before, NaN when none does. */
async function holdBefore(reading: Reading, source: Source, from: Micros): Promise<number> {
  const { time, value, quality } = await readRowsBack(reading, source, from, 1)
  if (time.length > 0) return isBad(quality[0] as number) ? Number.NaN : (value[0] as number)
  // As long as all rows are kept, roll-ups know no more than they do.
  if (source.keptFrom === -Infinity) return Number.NaN
  const day = Math.floor(from / dayUs)
  for (const tier of ['minute', 'hour'] as const) {
    for (const before of [day + 1, day]) {
      const summaries = (await reading.shelf.lastBlock(source.id, tier, before))?.summaries ?? new Float64Array(0)
      for (let at = summaries.length - summaryWidth; at >= 0; at -= summaryWidth)
        if ((summaries[at + column.lastTime] as number) < from) return summaries[at + column.hold] as number
    }
  }
  return Number.NaN
}

class BucketReading {
  readonly #reading: Reading
  readonly #source: Source
  readonly #filler: BucketFiller

  constructor(reading: Reading, source: Source, filler: BucketFiller) {
    this.#reading = reading
    this.#source = source
    this.#filler = filler
  }

  async fill(from: Micros, to: Micros): Promise<void> {
    const { shelf, pause } = this.#reading
    let cursor = from
    for (let day = Math.floor(from / dayUs); cursor < to && cursor <= this.#source.sealedEnd; day += stepDays) {
      const end = Math.min(day + stepDays, Math.ceil(Math.min(to, this.#source.sealedEnd + 1) / dayUs))
      for (const block of await shelf.blocks(this.#source.id, 'hour', day, end)) {
        const start = Math.max(cursor, block.day * dayUs)
        await this.#fillRaw(cursor, start)
        cursor = Math.min(to, (block.day + 1) * dayUs)
        await this.#fillDay(block, start, cursor)
        await pause()
      }
      if (end < day + stepDays) break
    }
    await this.#fillRaw(cursor, to)
  }

  /** Hours of a day with from ≤ time < to. */
  async #fillDay({ day, summaries }: Block, from: Micros, to: Micros): Promise<void> {
    if (this.#source.memory(from, to).count > 0 || this.#cutsManyMinutes(summaries, from, to)) return this.#fillRaw(from, to)
    let minutes: Float64Array | undefined
    for (let row = 0; row * summaryWidth < summaries.length; row++) {
      const [first, last] = periodOf(summaries, row)
      if (last < from || first >= to) continue
      if (this.#fits(first, last, from, to)) this.#filler.addSummary(summaries, row)
      else {
        const [block] = minutes === undefined ? await this.#reading.shelf.blocks(this.#source.id, 'minute', day, day + 1) : []
        minutes ??= block?.summaries ?? new Float64Array(0)
        const start = Math.floor(first / hourUs) * hourUs
        await this.#fillHour(summaries, row, minutes, Math.max(from, start), Math.min(to, start + hourUs))
      }
    }
  }

  /** One hour that lies across the end of a bucket: minutes where they are kept, else rows. */
  async #fillHour(hours: Float64Array, hour: number, minutes: Float64Array, from: Micros, to: Micros): Promise<void> {
    const isKept = from >= this.#source.keptFrom
    let any = false
    for (let row = 0; row * summaryWidth < minutes.length; row++) {
      const [first, last] = periodOf(minutes, row)
      if (last < from || first >= to) continue
      any = true
      const start = Math.floor(first / minuteUs) * minuteUs
      if (this.#fits(first, last, from, to)) this.#filler.addSummary(minutes, row)
      else if (isKept) await this.#fillRaw(Math.max(from, start), Math.min(to, start + minuteUs))
      // Nothing finer is left: it counts where it begins.
      else if (first >= from) this.#filler.addSummary(minutes, row)
    }
    if (any) return
    if (isKept) await this.#fillRaw(from, to)
    else if (periodOf(hours, hour)[0] >= from) this.#filler.addSummary(hours, hour)
  }

  /** Whether so many buckets end in the middle of a minute that all chunks of the day are fewer than what these minutes need, one by one. */
  #cutsManyMinutes(hours: Float64Array, from: Micros, to: Micros): boolean {
    if (from < this.#source.keptFrom) return false
    let rows = 0
    for (let at = 0; at < hours.length; at += summaryWidth) rows += hours[at + column.count] as number
    return this.#filler.edgesOff(minuteUs, from, to) > 1 + rows / chunkRowsTarget
  }

  #fits(first: Micros, last: Micros, from: Micros, to: Micros): boolean {
    return first >= from && last < to && this.#filler.isWithinOne(first, last + 1)
  }

  async #fillRaw(from: Micros, to: Micros): Promise<void> {
    const { shelf, pause } = this.#reading
    const { id, sealedEnd } = this.#source
    for (let cursor = from; cursor < to; ) {
      const step = cursor <= sealedEnd ? await shelf.chunks(id, cursor, to, stepChunks) : []
      const rest = step.filter((chunk) => !this.#isSummedUp(chunk, cursor, to))
      const decoded = new Map((await shelf.rows(rest)).map((rows, index) => [rest[index], rows]))
      for (const chunk of step) {
        const end = Math.min(to, chunk.end + 1)
        if (chunk.start > cursor) this.#filler.addRows(this.#source.memory(cursor, chunk.start))
        // A chunk that was sealed anew since the last step may hold rows that are counted already.
        const start = Math.max(cursor, chunk.start)
        if (decoded.has(chunk))
          this.#filler.addRows(overlay(rowsBetween(decoded.get(chunk) ?? noRows, start, end), this.#source.memory(start, end)))
        else this.#addSummaries(chunk.summaries as Float64Array)
        cursor = end
      }
      if (step.length < stepChunks) {
        this.#filler.addRows(this.#source.memory(cursor, to))
        cursor = to
      }
      await pause()
    }
  }

  /** Whether the summaries of a chunk say all that buckets need to know of it. */
  #isSummedUp({ start, end, summaries }: Chunk, from: Micros, to: Micros): boolean {
    if (!summaries || start < from || end >= to || this.#source.memory(start, end + 1).count > 0) return false
    for (let row = 0; row * summaryWidth < summaries.length; row++) {
      const [first, last] = periodOf(summaries, row)
      if (!this.#filler.isWithinOne(first, last + 1)) return false
    }
    return true
  }

  #addSummaries(summaries: Float64Array): void {
    for (let row = 0; row * summaryWidth < summaries.length; row++) this.#filler.addSummary(summaries, row)
  }
}

/** Times of the first and last sample. */
function periodOf(table: Float64Array, row: number): [first: Micros, last: Micros] {
  const at = row * summaryWidth
  return [table[at + column.firstTime] as number, table[at + column.lastTime] as number]
}
