// Sealed rows of scalar tags: chunks in SQLite. Chunks of a tag are disjoint in time.
import type { StatementSync } from 'node:sqlite'
import type { Log } from '#core/driver.ts'
import { messageOf } from '#core/errors.ts'
import { formatTime, type Micros } from '#core/time.ts'
import { decodeChunk, encodeChunk } from '#store/chunk/chunk-codec.ts'
import { chunkStatistics, decodeStatistics, encodeStatistics, type ChunkStatistics } from '#store/chunk/chunk-statistics.ts'
import { noRows, type Rows } from '#store/chunk/rows.ts'
import type { Database } from './database.ts'

export interface Chunk {
  readonly tag: number
  readonly start: Micros
  /** Time of its newest row. */
  readonly end: Micros
  readonly count: number
  readonly statistics: ChunkStatistics
  /** Id of its bytes; a rewritten chunk may have the id of one that was deleted. */
  readonly data: number
}

export class ChunkTable {
  readonly #log: Log
  readonly #cacheRowsMax: number
  readonly #cache = new Map<number, Rows>()
  readonly #damaged = new Set<string>()
  readonly #selectFrom: StatementSync
  readonly #selectBefore: StatementSync
  readonly #selectBytes: StatementSync
  readonly #insertChunk: StatementSync
  readonly #insertData: StatementSync
  readonly #deleteChunk: StatementSync
  readonly #deleteData: StatementSync
  readonly #quarantine: StatementSync
  #cachedRows = 0
  #nextData: number
  /** Ids whose bytes the transaction under way has deleted or written. */
  readonly #changed = new Set<number>()
  /** Ids without bytes; used again, because a new id at the end would leave a hole in the pages where the old one was. */
  #free: number[] = []
  #freeBefore: number[] = []

  /** `cacheRowsMax` bounds the decoded chunks kept for rows that come late. */
  constructor({ reader, writer }: Database, log: Log, cacheRowsMax: number) {
    this.#log = log
    this.#cacheRowsMax = cacheRowsMax
    const columns = 'start, end, count, statistics, data'
    this.#selectFrom = reader.prepare(`select ${columns} from chunk where tag = ?1
      and start >= coalesce((select max(start) from chunk where tag = ?1 and start <= ?2), ?2) and start < ?3 and end >= ?2 order by start limit ?4`)
    this.#selectBefore = reader.prepare(`select ${columns} from chunk where tag = ? and start < ? order by start desc limit ?`)
    this.#selectBytes = reader.prepare('select bytes from chunk_data where id = ?')
    this.#insertChunk = writer.prepare('insert into chunk(tag, start, end, count, statistics, data) values(?, ?, ?, ?, ?, ?)')
    this.#insertData = writer.prepare('insert into chunk_data(id, bytes) values(?, ?)')
    this.#deleteChunk = writer.prepare('delete from chunk where tag = ? and start = ?')
    this.#deleteData = writer.prepare('delete from chunk_data where id = ?')
    this.#quarantine = writer.prepare(`insert into damaged_chunk(tag, start, end, count, bytes)
      values(?, ?, ?, ?, (select bytes from chunk_data where id = ?))`)
    for (const statement of [this.#selectFrom, this.#selectBefore]) statement.setReturnArrays(true)
    this.#nextData = Number(reader.prepare('select coalesce(max(id), 0) + 1 as next from chunk_data').get()?.['next'])
  }

  /** Chunks found damaged since the store was opened. */
  get damagedChunks(): number {
    return this.#damaged.size
  }

  /** Up to `limit` chunks that reach into from ≤ time < to, oldest first. */
  from(tag: number, from: Micros, to: Micros, limit: number): Chunk[] {
    return this.#selectFrom.all(tag, from, to, limit).map((row) => chunkOf(tag, row))
  }

  /** Up to `limit` chunks that begin before `before`, newest first. */
  before(tag: number, before: Micros, limit: number): Chunk[] {
    return this.#selectBefore.all(tag, before, limit).map((row) => chunkOf(tag, row))
  }

  /** The rows of a chunk, or undefined when it is damaged: that is counted and logged once. */
  rows(chunk: Chunk): Rows | undefined {
    const cached = this.#cache.get(chunk.data)
    if (cached) return cached
    try {
      return decodeChunk(this.#selectBytes.get(chunk.data)?.['bytes'] as Uint8Array)
    } catch (error) {
      this.#report(
        `a chunk of ${chunk.count} samples of tag ${chunk.tag} from ${formatTime(chunk.start)} to ${formatTime(chunk.end)}`,
        error,
      )
      return undefined
    }
  }

  /**
   * What is sealed from `time` until before `until`: the rows of one chunk, kept at hand because late rows come in groups, or nothing.
   * Never throws, because it is asked when rows are durable already: what cannot be read is not there.
   */
  around(tag: number, time: Micros): { rows: Rows; until: Micros } {
    let chunk: Chunk | undefined
    try {
      ;[chunk] = this.from(tag, time, Infinity, 1)
    } catch (error) {
      this.#report(`the index of tag ${tag}`, error)
    }
    if (!chunk || chunk.start > time) return { rows: noRows, until: chunk?.start ?? Infinity }
    const rows = this.rows(chunk)
    if (rows) this.#remember(chunk.data, rows)
    return { rows: rows ?? noRows, until: chunk.end + 1 }
  }

  /** Writes rows as one chunk. Inside a transaction of the writer. */
  insert(tag: number, rows: Rows): void {
    const data = this.#free.pop() ?? this.#nextData++
    this.#changed.add(data)
    const end = rows.time[rows.count - 1] as number
    this.#insertData.run(data, encodeChunk(rows))
    this.#insertChunk.run(tag, rows.time[0] as number, end, rows.count, encodeStatistics(chunkStatistics(rows)), data)
  }

  delete(chunk: Chunk): void {
    this.#deleteChunk.run(chunk.tag, chunk.start)
    this.#deleteData.run(chunk.data)
    this.#changed.add(chunk.data)
    this.#free.push(chunk.data)
  }

  /** Call when the transaction has been committed: what it changed is read anew. */
  committed(): void {
    for (const data of this.#changed) this.#forget(data)
    this.#changed.clear()
    this.#freeBefore = [...this.#free]
  }

  /** Call when it has been rolled back. Ids it took from the end are not used again. */
  rolledBack(): void {
    this.#changed.clear()
    this.#free = [...this.#freeBefore]
  }

  /** Moves a damaged chunk aside, bytes and all, so that its range of time can be written again. */
  quarantine(chunk: Chunk): void {
    this.#quarantine.run(chunk.tag, chunk.start, chunk.end, chunk.count, chunk.data)
    this.delete(chunk)
  }

  #report(what: string, error: unknown): void {
    if (!this.#damaged.has(what)) this.#log.warn(`${what} cannot be read (${messageOf(error)}); all else can: restore it from a backup`)
    this.#damaged.add(what)
  }

  #remember(data: number, rows: Rows): void {
    this.#forget(data)
    this.#cache.set(data, rows)
    this.#cachedRows += rows.count
    for (const oldest of this.#cache.keys()) {
      if (this.#cachedRows <= this.#cacheRowsMax) break
      this.#forget(oldest)
    }
  }

  #forget(data: number): void {
    this.#cachedRows -= this.#cache.get(data)?.count ?? 0
    this.#cache.delete(data)
  }
}

function chunkOf(tag: number, row: unknown): Chunk {
  const [start, end, count, statistics, data] = row as [number, number, number, Uint8Array, number]
  return { tag, start, end, count, statistics: decodeStatistics(statistics), data }
}
