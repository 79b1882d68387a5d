// Merges a tag's frozen rows into its chunks: late rows into the chunk they fall in, new rows into new chunks, and short chunks at the
// end into one, so that a slow tag does not leave a trail of tiny ones.
import { overlay, joinRows, lowerBound, sliceRows, type Rows } from '#store/chunk/rows.ts'
import { chunkRowsTarget } from '#store/chunk/chunk-codec.ts'
import type { Chunk, ChunkTable } from './chunk-table.ts'

/** Short chunks at the end that are looked at. */
const tailChunksMax = 8
/** Most characters of text in a chunk. */
const chunkTextLengthMax = 1 << 20

/** Writes the rows, a chunk or so per step; returns by how many samples the tag has grown. Inside a transaction of the writer. */
export function* sealRows(chunks: ChunkTable, tag: number, rows: Rows): Generator<undefined, number> {
  const [newest] = chunks.before(tag, Infinity, 1)
  const freshStart = lowerBound(rows.time, rows.count, (newest?.end ?? -Infinity) + 1)
  const tail = shortTail(chunks, tag, rows, freshStart)
  const tailStart = tail[0]?.start ?? Infinity
  let start = 0
  let grown = 0
  while (start < freshStart) {
    const [chunk, next] = chunks.from(tag, rows.time[start] as number, Infinity, 2)
    if (!chunk || chunk.start >= tailStart) break
    const end = lowerBound(rows.time, rows.count, next?.start ?? chunk.end + 1)
    grown += yield* mergeInto(chunks, chunk, sliceRows(rows, start, end))
    start = end
  }
  if (start === rows.count) return grown
  const older = joinRows(tail.flatMap((chunk) => chunks.rows(chunk) ?? []))
  for (const chunk of tail) chunks.delete(chunk)
  const joined = overlay(older, sliceRows(rows, start, rows.count))
  yield* insertAll(chunks, tag, joined)
  return grown + joined.count - older.count
}

function* mergeInto(chunks: ChunkTable, chunk: Chunk, newer: Rows): Generator<undefined, number> {
  const older = chunks.rows(chunk)
  if (older) chunks.delete(chunk)
  else chunks.quarantine(chunk)
  const merged = older ? overlay(older, newer) : newer
  yield* insertAll(chunks, chunk.tag, merged)
  return merged.count - chunk.count
}

function* insertAll(chunks: ChunkTable, tag: number, rows: Rows): Generator<undefined, void> {
  for (const part of splitRows(rows)) {
    chunks.insert(tag, part)
    yield
  }
}

/**
 * The newest chunks that are worth joining with the rows from `freshStart` on, oldest first: readable, short, and none much larger than what
 * it joins, so that the work stays n log n.
 */
function shortTail(chunks: ChunkTable, tag: number, rows: Rows, freshStart: number): Chunk[] {
  const tail: Chunk[] = []
  let joined = rows.count - freshStart
  if (joined === 0) return tail
  for (const chunk of chunks.before(tag, rows.time[freshStart] as number, tailChunksMax)) {
    if (chunk.count > 2 * joined || chunk.count + joined > chunkRowsTarget || !chunks.rows(chunk)) break
    tail.unshift(chunk)
    joined += chunk.count
  }
  return tail
}

/** Even parts of about `chunkRowsTarget` rows, and of bounded text. */
function splitRows(rows: Rows): Rows[] {
  const textLength = rows.texts.length === 0 ? 0 : textLengthOf(rows)
  const parts = Math.max(1, Math.round(rows.count / chunkRowsTarget), Math.ceil(textLength / chunkTextLengthMax))
  const size = Math.ceil(rows.count / Math.min(parts, rows.count))
  return Array.from({ length: Math.ceil(rows.count / size) }, (_, part) =>
    sliceRows(rows, part * size, Math.min(rows.count, (part + 1) * size)),
  )
}

function textLengthOf({ count, value, texts }: Rows): number {
  let length = 0
  for (let row = 0; row < count; row++) length += texts[value[row] as number]?.length ?? 0
  return length
}
