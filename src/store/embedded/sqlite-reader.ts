// Sealed telemetry in SQLite, as reading sees it.
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { ArrayValue } from '#core/array.ts'
import type { ArrayFrame, ArrayFrameSummary } from '#core/store.ts'
import { messageOf } from '#core/errors.ts'
import { formatTime, type Micros } from '#core/time.ts'
import type { Quality } from '#core/quality.ts'
import { decodeArray, decodeArraySync } from '#store/chunk/array-codec.ts'
import { decodeChunk } from '#store/chunk/chunk-codec.ts'
import { joinRows, rowsBetween, type Rows } from '#store/chunk/rows.ts'
import type { Damage } from '#store/engine/damage.ts'
import type { Block, Chunk, ShelfReader, Tier } from '#store/engine/shelf.ts'
import { decodeSummaries } from '#store/rollup/summaries-codec.ts'
import { blockId, dayOfBlock } from './schema.ts'

interface StoredArray {
  readonly time: Micros
  readonly quality: Quality
  readonly bytes: Uint8Array | null
}

/** Chunks that one may have become while it was looked for. */
const rewrittenMax = 64

export class SqliteReader implements ShelfReader {
  readonly #damage: Damage
  readonly #chunksFrom: StatementSync
  readonly #chunksBack: StatementSync
  readonly #chunkCount: StatementSync
  readonly #bytes: StatementSync
  readonly #blocks: Record<Tier, StatementSync>
  readonly #lastBlock: Record<Tier, StatementSync>
  readonly #arrayAt: StatementSync
  readonly #newestArray: StatementSync
  readonly #arrayRows: StatementSync
  readonly #arrayRowsBack: StatementSync

  constructor(connection: DatabaseSync, damage: Damage) {
    this.#damage = damage
    const prepare = (sql: string) => connection.prepare(sql)
    const reaching = `from chunk where tag = ?1
      and start >= coalesce((select max(start) from chunk where tag = ?1 and start <= ?2), ?2) and start < ?3 and end >= ?2`
    this.#chunksFrom = prepare(`select start, end, count, summaries, data ${reaching} order by start limit ?4`)
    this.#chunkCount = prepare(`select count(*) as count from (select 1 ${reaching} limit ?4)`)
    this.#chunksBack = prepare(
      'select start, end, count, summaries, data from chunk where tag = ? and start < ? order by start desc limit ?',
    )
    for (const statement of [this.#chunksFrom, this.#chunksBack]) statement.setReturnArrays(true)
    this.#bytes = prepare(`select bytes from chunk join chunk_data on id = data
      where tag = ? and start = ? and end = ? and count = ? and data = ?`)
    const perTier = (sql: (table: string) => string) => ({ minute: prepare(sql('minute_block')), hour: prepare(sql('hour_block')) })
    this.#blocks = perTier((table) => `select id, bytes from ${table} where id >= ? and id < ? order by id`)
    this.#lastBlock = perTier((table) => `select id, bytes from ${table} where id >= ? and id < ? order by id desc limit 1`)
    this.#arrayAt = prepare('select time, quality, bytes from array_sample where tag = ? and time = ?')
    this.#newestArray = prepare(
      'select time, quality, bytes from array_sample where tag = ? and time <= ? and bytes is not null order by time desc limit 1',
    )
    this.#arrayRows = prepare(
      'select time, quality, statistics from array_sample where tag = ? and time >= ? and time < ? order by time limit ?',
    )
    this.#arrayRowsBack = prepare('select time, quality from array_sample where tag = ? and time < ? order by time desc limit ?')
  }

  chunks(tag: number, from: Micros, to: Micros, limit: number): Chunk[] {
    return this.#chunksFrom.all(tag, from, to, limit).map((row) => chunkOf(tag, row))
  }

  /** How many chunks reach into from ≤ time < to, counted up to `limit`. */
  chunkCount(tag: number, from: Micros, to: Micros, limit: number): number {
    return Number(this.#chunkCount.get(tag, from, to, limit)?.['count'])
  }

  chunksBack(tag: number, before: Micros, limit: number): Chunk[] {
    return this.#chunksBack.all(tag, before, limit).map((row) => chunkOf(tag, row))
  }

  /** Of a chunk that was written anew since it was found: what its range holds now, for its bytes may be another tag's by then. */
  rows(chunks: readonly Chunk[]): (Rows | undefined)[] {
    return chunks.map((chunk) => {
      const { tag, start, end, count, data } = chunk
      const found = this.#bytes.get(tag, start, end, count, data)
      return found ? this.#decode(chunk, found['bytes']) : this.#rowsNow(chunk)
    })
  }

  #rowsNow(chunk: Chunk): Rows | undefined {
    const { tag, start, end } = chunk
    const parts: Rows[] = []
    for (const now of this.chunks(tag, start, end + 1, rewrittenMax)) {
      const bytes = this.#bytes.get(tag, now.start, now.end, now.count, now.data)?.['bytes']
      const rows = this.#decode(now, bytes)
      if (rows) parts.push(rowsBetween(rows, start, end + 1))
    }
    return parts.length > 0 ? joinRows(parts) : undefined
  }

  #decode({ tag, start, end, count }: Chunk, bytes: unknown): Rows | undefined {
    const what = `a chunk of ${count} samples of tag ${tag} from ${formatTime(start)} to ${formatTime(end)}`
    return this.#readable(what, () => decodeChunk(bytes as Uint8Array))
  }

  blocks(tag: number, tier: Tier, from: number, to: number): Block[] {
    const rows = this.#blocks[tier].all(blockId(tag, from), blockId(tag, to)) as unknown as StoredBlock[]
    return rows.flatMap((row) => this.#block(tag, tier, row) ?? [])
  }

  lastBlock(tag: number, tier: Tier, before: number): Block | undefined {
    const row = this.#lastBlock[tier].get(blockId(tag, -Infinity), blockId(tag, before)) as unknown as StoredBlock | undefined
    return row && this.#block(tag, tier, row)
  }

  #block(tag: number, tier: Tier, { id, bytes }: StoredBlock): Block | undefined {
    const day = dayOfBlock(id)
    const summaries = this.#readable(`the ${tier}s of tag ${tag} on day ${day}`, () => decodeSummaries(bytes))
    return summaries && { day, summaries }
  }

  /** The array sample at exactly this time, decoded at once. A damaged one counts as having no value. Never throws. */
  arrayAt(tag: number, time: Micros): { quality: Quality; value: ArrayValue | undefined } | undefined {
    const what = arrayName(tag, time)
    const row = this.#readable(what, () => this.#arrayAt.get(tag, time) as StoredArray | undefined)
    const bytes = row?.bytes
    return row && { quality: row.quality, value: bytes ? this.#readable(what, () => decodeArraySync(bytes)) : undefined }
  }

  async newestArray(tag: number, time: Micros): Promise<ArrayFrame | undefined> {
    for (let at = time; ; ) {
      const row = this.#newestArray.get(tag, at) as StoredArray | undefined
      if (!row) return undefined
      try {
        return { time: row.time, quality: row.quality, ...(await decodeArray(row.bytes as Uint8Array)) }
      } catch (error) {
        this.#damage(arrayName(tag, row.time), messageOf(error))
        at = row.time - 1
      }
    }
  }

  arraySummaries(tag: number, from: Micros, to: Micros, limit: number): { time: Micros; summary: ArrayFrameSummary | undefined }[] {
    return this.#arrayRows.all(tag, from, to, limit).map((row) => {
      const { time, quality, statistics } = row as unknown as { time: number; quality: number; statistics: Uint8Array | null }
      if (!statistics) return { time, summary: undefined }
      const [min = 0, max = 0, mean = 0, std = 0] = new Float64Array(statistics.slice().buffer)
      return { time, summary: { time, quality, min, max, mean, std } }
    })
  }

  arrayRows(tag: number, from: Micros, to: Micros, limit: number): { time: Micros; quality: Quality }[] {
    return this.#arrayRows.all(tag, from, to, limit) as unknown as { time: number; quality: number }[]
  }

  arrayRowsBack(tag: number, before: Micros, limit: number): { time: Micros; quality: Quality }[] {
    return (this.#arrayRowsBack.all(tag, before, limit) as unknown as { time: number; quality: number }[]).toReversed()
  }

  #readable<T>(what: string, read: () => T): T | undefined {
    try {
      return read()
    } catch (error) {
      this.#damage(what, messageOf(error))
      return undefined
    }
  }
}

interface StoredBlock {
  readonly id: number
  readonly bytes: Uint8Array
}

const arrayName = (tag: number, time: Micros) => `the array of tag ${tag} at ${formatTime(time)}`

function chunkOf(tag: number, row: unknown): Chunk {
  const [start, end, count, summaries, data] = row as [number, number, number, Uint8Array | null, number]
  return { tag, start, end, count, summaries: summaries ? new Float64Array(summaries.slice().buffer) : undefined, data }
}
