// Reads history: chunks and memory merged. Goes step by step in time; each step is right by itself, so sealing may happen in between.
import type { ArrayFrame, ArrayFrameSummary, BucketColumns, SampleColumns } from '#core/store.ts'
import { isBad } from '#core/quality.ts'
import type { Micros } from '#core/time.ts'
import { BucketFiller } from '#store/rollup/bucket-filler.ts'
import { compactTexts, joinRows, noRows, overlay, rowsBetween, sliceRows, type Rows } from '#store/chunk/rows.ts'
import type { OpenedStore } from './opened-store.ts'
import { memoryArrays, memoryRows, mergeArrays, type Series } from './series.ts'

/** Chunks that a bucket step looks at; at most so many are decoded without a pause. */
const bucketStepChunks = 32

/** Where history is read from. */
export type Shelves = Pick<OpenedStore, 'chunks' | 'arrays' | 'slice'>

/** Up to `limit` rows with from ≤ time < to, oldest first. */
export async function readRows(
  { chunks, slice }: Shelves,
  series: Series,
  from: Micros,
  to: Micros,
  limit: number,
): Promise<SampleColumns> {
  const parts: Rows[] = []
  let left = limit
  for (let cursor = from; cursor < to && left > 0; ) {
    const [chunk] = cursor <= series.sealedEnd ? chunks.from(series.id, cursor, to, 1) : []
    const end = chunk ? Math.min(to, chunk.end + 1) : to
    const sealed = chunk ? rowsBetween(chunks.rows(chunk) ?? noRows, cursor, end) : noRows
    const rows = lasting(sealed, memoryRows(series, cursor, end))
    parts.push(sliceRows(rows, 0, Math.min(left, rows.count)))
    left -= rows.count
    cursor = end
    await slice.pause()
  }
  return columnsOf(parts)
}

/** The newest `limit` rows with time < before, oldest first. */
export async function readRowsBack(
  { chunks, slice }: Pick<Shelves, 'chunks' | 'slice'>,
  series: Series,
  before: Micros,
  limit: number,
): Promise<SampleColumns> {
  const parts: Rows[] = []
  let left = limit
  for (let cursor = before; left > 0; ) {
    const [chunk] = chunks.before(series.id, cursor, 1)
    const start = chunk ? chunk.start : -Infinity
    const sealed = chunk ? rowsBetween(chunks.rows(chunk) ?? noRows, start, cursor) : noRows
    const rows = lasting(sealed, memoryRows(series, start, cursor))
    parts.unshift(sliceRows(rows, Math.max(0, rows.count - left), rows.count))
    left -= rows.count
    cursor = start
    await slice.pause()
    if (!chunk) break
  }
  return columnsOf(parts)
}

/** Buckets of one tag. A chunk that lies within one bucket, with nothing over it in memory, is not decoded. */
export async function readBuckets({ chunks, slice }: Shelves, series: Series, edges: Float64Array): Promise<BucketColumns> {
  const filler = new BucketFiller(edges)
  const before = await readRowsBack({ chunks, slice }, series, edges[0] as number, 1)
  filler.begin(before.value.length > 0 && !isBad(before.quality[0] as number) ? (before.value[0] as number) : Number.NaN)
  const to = edges.at(-1) as number
  for (let cursor = edges[0] as number; cursor < to; ) {
    const step = cursor <= series.sealedEnd ? chunks.from(series.id, cursor, to, bucketStepChunks) : []
    for (const chunk of step) {
      const end = Math.min(to, chunk.end + 1)
      if (chunk.start > cursor) filler.addRows(memoryRows(series, cursor, chunk.start))
      const start = Math.max(cursor, chunk.start)
      const above = memoryRows(series, start, end)
      filler.addRows(overlay(rowsBetween(chunks.rows(chunk) ?? noRows, start, end), above))
      cursor = end
    }
    if (step.length < bucketStepChunks) {
      filler.addRows(memoryRows(series, cursor, to))
      cursor = to
    }
    await slice.pause()
  }
  return filler.finish(series.path, series.latestTime)
}

/** Rows of an array tag: times and qualities, NaN for the values. */
export async function readArrayRows(
  { arrays, slice }: Shelves,
  series: Series,
  from: Micros,
  to: Micros,
  limit: number,
): Promise<SampleColumns> {
  await slice.pause()
  const merged = mergeArrays(arrays.rows(series.id, from, to, limit), memoryArrays(series, from, to))
  return arrayColumns(merged.slice(0, limit))
}

export async function readArrayRowsBack({ arrays, slice }: Shelves, series: Series, before: Micros, limit: number): Promise<SampleColumns> {
  await slice.pause()
  const merged = mergeArrays(arrays.rowsBack(series.id, before, limit), memoryArrays(series, -Infinity, before))
  return arrayColumns(merged.slice(Math.max(0, merged.length - limit)))
}

/** Up to `limit` summaries of array samples that have a value, oldest first. */
export async function readSummaries(
  { arrays, slice }: Shelves,
  series: Series,
  from: Micros,
  to: Micros,
  limit: number,
): Promise<ArrayFrameSummary[]> {
  await slice.pause()
  const inMemory = memoryArrays(series, from, to).map(({ time, quality, statistics }) => {
    const { min = 0, max = 0, mean = 0, std = 0 } = statistics ?? {}
    return { time, summary: statistics && { time, quality, min, max, mean, std } }
  })
  const found: ArrayFrameSummary[] = []
  for (let cursor = from; cursor < to && found.length < limit; ) {
    const sealed = arrays.summaries(series.id, cursor, to, limit)
    const end = sealed.length < limit ? to : (sealed.at(-1)?.time as number) + 1
    const above = inMemory.filter(({ time }) => cursor <= time && time < end)
    for (const { summary } of mergeArrays(sealed, above)) if (summary) found.push(summary)
    cursor = end
  }
  return found.slice(0, limit)
}

/** The newest array sample with a value at or before `time`. */
export async function readArrayAt({ arrays }: Pick<Shelves, 'arrays'>, series: Series, time: Micros): Promise<ArrayFrame | undefined> {
  const inMemory = memoryArrays(series, -Infinity, time + 1)
  let before = time
  for (;;) {
    const sealed = await arrays.newest(series.id, before)
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
