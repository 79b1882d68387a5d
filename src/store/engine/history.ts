// Reads samples: the shelf and memory merged. Goes step by step in time; each step is right by itself, so sealing may happen in between.
import type { ArrayFrame, ArrayFrameSummary, SampleColumns } from '#core/store.ts'
import type { TagPath } from '#core/path.ts'
import type { Kind } from '#core/tag.ts'
import type { Micros } from '#core/time.ts'
import { compactTexts, joinRows, noRows, overlay, rowsBetween, sliceRows, type Rows } from '#store/chunk/rows.ts'
import { mergeArrays } from './series.ts'
import type { ArrayRow, ShelfReader } from './shelf.ts'

/** A tag as reading sees it. */
export interface Source {
  readonly id: number
  readonly path: TagPath
  readonly kind: Kind
  readonly latestTime: Micros
  /** No sealed row is newer. */
  readonly sealedEnd: Micros
  /** Older rows are not kept; only what was rolled up of them is. */
  readonly keptFrom: Micros
  /** Rows in memory with from ≤ time < to. */
  memory(from: Micros, to: Micros): Rows
  /** Array samples in memory with from ≤ time < to. */
  memoryArrays(from: Micros, to: Micros): ArrayRow[]
}

/** Where and how reading goes: the shelf, and what lets others run in between. */
export interface Reading {
  readonly shelf: ShelfReader
  readonly pause: () => Promise<void>
}

/** Chunks that are read at once. */
const stepChunksMax = 32
/** Rows that a chunk has at the least, about. */
const chunkRowsExpected = 2048

const stepFor = (rows: number) => Math.max(1, Math.min(stepChunksMax, Math.ceil(rows / chunkRowsExpected)))

/** Up to `limit` rows with from ≤ time < to, oldest first. */
export async function readRows({ shelf, pause }: Reading, source: Source, from: Micros, to: Micros, limit: number): Promise<SampleColumns> {
  const parts: Rows[] = []
  let left = limit
  for (let cursor = from; cursor < to && left > 0; ) {
    const step = cursor <= source.sealedEnd ? await shelf.chunks(source.id, cursor, to, stepFor(left)) : []
    const decoded = await shelf.rows(step)
    for (const [index, chunk] of step.entries()) {
      if (left <= 0) break
      const end = Math.min(to, chunk.end + 1)
      add(lasting(rowsBetween(decoded[index] ?? noRows, cursor, end), source.memory(cursor, end)))
      cursor = end
    }
    if (step.length === 0) {
      add(joinRows([source.memory(cursor, to)]))
      cursor = to
    }
    await pause()
  }
  return columnsOf(parts)

  function add(rows: Rows): void {
    parts.push(sliceRows(rows, 0, Math.min(left, rows.count)))
    left -= rows.count
  }
}

/** The newest `limit` rows with time < before, oldest first. */
export async function readRowsBack({ shelf, pause }: Reading, source: Source, before: Micros, limit: number): Promise<SampleColumns> {
  const parts: Rows[] = []
  let left = limit
  for (let cursor = before; left > 0; ) {
    const step = await shelf.chunksBack(source.id, cursor, stepFor(left))
    const decoded = await shelf.rows(step)
    for (const [index, chunk] of step.entries()) {
      if (left <= 0) break
      add(lasting(rowsBetween(decoded[index] ?? noRows, chunk.start, cursor), source.memory(chunk.start, cursor)))
      cursor = chunk.start
    }
    if (step.length === 0) {
      add(joinRows([source.memory(-Infinity, cursor)]))
      break
    }
    await pause()
  }
  return columnsOf(parts)

  function add(rows: Rows): void {
    parts.unshift(sliceRows(rows, Math.max(0, rows.count - left), rows.count))
    left -= rows.count
  }
}

/** Rows of an array tag: times and qualities, NaN for the values. */
export async function readArrayRows(
  { shelf, pause }: Reading,
  source: Source,
  from: Micros,
  to: Micros,
  limit: number,
): Promise<SampleColumns> {
  await pause()
  const merged = mergeArrays(await shelf.arrayRows(source.id, from, to, limit), source.memoryArrays(from, to))
  return arrayColumns(merged.slice(0, limit))
}

export async function readArrayRowsBack({ shelf, pause }: Reading, source: Source, before: Micros, limit: number): Promise<SampleColumns> {
  await pause()
  const merged = mergeArrays(await shelf.arrayRowsBack(source.id, before, limit), source.memoryArrays(-Infinity, before))
  return arrayColumns(merged.slice(Math.max(0, merged.length - limit)))
}

/** Up to `limit` summaries of array samples that have a value, oldest first. */
export async function readSummaries(
  { shelf, pause }: Reading,
  source: Source,
  from: Micros,
  to: Micros,
  limit: number,
): Promise<ArrayFrameSummary[]> {
  await pause()
  const inMemory = source.memoryArrays(from, to).map(({ time, quality, statistics }) => {
    const { min = 0, max = 0, mean = 0, std = 0 } = statistics ?? {}
    return { time, summary: statistics && { time, quality, min, max, mean, std } }
  })
  const found: ArrayFrameSummary[] = []
  for (let cursor = from; cursor < to && found.length < limit; ) {
    const sealed = await shelf.arraySummaries(source.id, cursor, to, limit)
    const end = sealed.length < limit ? to : (sealed.at(-1)?.time as number) + 1
    const above = inMemory.filter(({ time }) => cursor <= time && time < end)
    for (const { summary } of mergeArrays(sealed, above)) if (summary) found.push(summary)
    cursor = end
  }
  return found.slice(0, limit)
}

/** The newest array sample with a value at or before `time`. */
export async function readArrayAt({ shelf }: Reading, source: Source, time: Micros): Promise<ArrayFrame | undefined> {
  const inMemory = source.memoryArrays(-Infinity, time + 1)
  let before = time
  for (;;) {
    const sealed = await shelf.newestArray(source.id, before)
    const above = inMemory.findLast((row) => row.time <= time && (row.value !== undefined || row.time === sealed?.time))
    if (above?.value && (!sealed || above.time >= sealed.time)) return { time: above.time, quality: above.quality, ...above.value }
    if (!sealed || !inMemory.some((row) => row.time === sealed.time)) return sealed
    before = sealed.time - 1
  }
}

/** Rows that stay as they are while others append: hot rows move when late ones come, so they are copied. */
function lasting(sealed: Rows, inMemory: Rows): Rows {
  return sealed.count === 0 ? joinRows([inMemory]) : overlay(sealed, inMemory)
}

function columnsOf(parts: readonly Rows[]): SampleColumns {
  const { time, value, quality, texts } = compactTexts(joinRows(parts))
  return { time, value, quality, texts }
}

function arrayColumns(rows: readonly { time: Micros; quality: number }[]): SampleColumns {
  return {
    time: Float64Array.from(rows, ({ time }) => time),
    value: new Float64Array(rows.length).fill(Number.NaN),
    quality: Uint8Array.from(rows, ({ quality }) => quality),
    texts: [],
  }
}
