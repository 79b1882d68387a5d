// Merges a tag's frozen rows into its chunks: late rows into the chunk they fall in, new rows into new chunks, and short chunks at the
// end into one, so that a slow tag does not leave a trail of tiny ones.
import { dayUs } from '#core/time.ts'
import { overlay, joinRows, lowerBound, sliceRows, type Rows } from '#store/chunk/rows.ts'
import { chunkRowsTarget } from '#store/chunk/chunk-codec.ts'
import { hourlySummaries } from '#store/rollup/summary-table.ts'
import type { FrozenTag } from './frozen-part.ts'
import type { Chunk, ShelfWriter } from './shelf.ts'

/** Short chunks at the end that are looked at. */
export const tailChunksMax = 8
/** Most characters of text in a chunk. */
const chunkTextLengthMax = 1 << 20

/** Writes what is frozen of a tag; resolves to by how many samples the tag has grown. `pause` is called between the steps. */
export async function sealTag(shelf: ShelfWriter, { state, rows, arrays }: FrozenTag, pause: () => Promise<void>): Promise<number> {
  await shelf.saveTag(state)
  const grown = arrays.length > 0 ? await shelf.insertArrays(state.id, arrays) : 0
  return rows.count > 0 ? grown + (await new TagSealing(shelf, state, pause).seal(rows)) : grown
}

class TagSealing {
  readonly #shelf: ShelfWriter
  readonly #tag: number
  readonly #isText: boolean
  readonly #pause: () => Promise<void>

  constructor(shelf: ShelfWriter, { id, kind }: FrozenTag['state'], pause: () => Promise<void>) {
    this.#shelf = shelf
    this.#tag = id
    this.#isText = kind === 'text'
    this.#pause = pause
  }

  async seal(rows: Rows): Promise<number> {
    const last = await this.#shelf.chunksBack(this.#tag, Infinity, tailChunksMax)
    const freshStart = lowerBound(rows.time, rows.count, (last[0]?.end ?? -Infinity) + 1)
    await this.#unroll(rows.time[0] as number)
    const tail = await this.#shortTail(last, rows, freshStart)
    const tailStart = tail[0]?.chunk.start ?? Infinity
    let start = 0
    let grown = 0
    while (start < freshStart) {
      const [chunk, next] = await this.#around(last, rows.time[start] as number)
      if (!chunk || chunk.start >= tailStart) break
      const end = lowerBound(rows.time, rows.count, next?.start ?? chunk.end + 1)
      grown += await this.#mergeInto(chunk, sliceRows(rows, start, end))
      start = end
    }
    if (start === rows.count) return grown
    const older = joinRows(tail.map(({ rows }) => rows))
    for (const { chunk } of tail) await this.#shelf.deleteChunk(chunk)
    const joined = overlay(older, sliceRows(rows, start, rows.count))
    await this.#insert(joined)
    return grown + joined.count - older.count
  }

  /** The first chunk that reaches to or behind a time, and the one after it; `last` are the newest ones before anything was written, newest first. */
  async #around(last: readonly Chunk[], time: number): Promise<(Chunk | undefined)[]> {
    const after = last.findIndex(({ end }) => end < time)
    if (after > 0) return [last[after - 1], last[after - 2]]
    return this.#shelf.chunks(this.#tag, time, Infinity, 2)
  }

  /** Blocks of days that change are made anew later; until then the chunks answer. */
  async #unroll(from: number): Promise<void> {
    const day = Math.floor(from / dayUs)
    const until = await this.#shelf.rolledUntil(this.#tag)
    if (day >= until) return
    await this.#shelf.deleteBlocks(this.#tag, 'hour', day, until)
    await this.#shelf.deleteBlocks(this.#tag, 'minute', day, until)
    await this.#shelf.setRolledUntil(this.#tag, day)
  }

  async #mergeInto(chunk: Chunk, newer: Rows): Promise<number> {
    const [older] = await this.#shelf.rows([chunk])
    if (older) await this.#shelf.deleteChunk(chunk)
    else await this.#shelf.quarantine(chunk)
    const merged = older ? overlay(older, newer) : newer
    await this.#insert(merged)
    return merged.count - chunk.count
  }

  async #insert(rows: Rows): Promise<void> {
    for (const part of splitRows(rows)) {
      await this.#shelf.insertChunk(this.#tag, part, this.#isText ? undefined : hourlySummaries(part))
      await this.#pause()
    }
  }

  /**
   * Those of the newest chunks, given newest first, that are worth joining with the rows from `freshStart` on, oldest first: readable, short, and none much
   * larger than what it joins, so that the work stays n log n.
   */
  async #shortTail(last: readonly Chunk[], rows: Rows, freshStart: number): Promise<{ chunk: Chunk; rows: Rows }[]> {
    const tail: { chunk: Chunk; rows: Rows }[] = []
    let joined = rows.count - freshStart
    if (joined === 0) return tail
    for (const chunk of last) {
      if (chunk.count > 2 * joined || chunk.count + joined > chunkRowsTarget) break
      const [older] = await this.#shelf.rows([chunk])
      if (!older) break
      tail.unshift({ chunk, rows: older })
      joined += chunk.count
    }
    return tail
  }
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
