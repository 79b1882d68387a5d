// Sealed telemetry in SQLite inside one transaction, as sealing and retention see it.
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import type { ArrayStatistics } from '#core/array.ts'
import { dayUs, type Micros } from '#core/time.ts'
import { encodeArray } from '#store/chunk/array-codec.ts'
import { encodeChunk } from '#store/chunk/chunk-codec.ts'
import type { Rows } from '#store/chunk/rows.ts'
import type { Damage } from '#store/engine/damage.ts'
import type { ArrayRow, Block, Chunk, ShelfWriter, Survey, TagState, Tier, Totals } from '#store/engine/shelf.ts'
import { encodeSummaries } from '#store/rollup/summaries-codec.ts'
import { blockId } from './schema.ts'
import { SqliteReader } from './sqlite-reader.ts'

/** Pages that are given back to the disk per step. */
const shrinkPages = 16

export class SqliteWriter extends SqliteReader implements ShelfWriter {
  readonly #connection: DatabaseSync
  readonly #pause: () => Promise<void>
  readonly #saveTag: StatementSync
  readonly #insertChunk: StatementSync
  readonly #insertData: StatementSync
  readonly #deleteChunk: StatementSync
  readonly #deleteData: StatementSync
  readonly #quarantine: StatementSync
  readonly #putBlock: Record<Tier, StatementSync>
  readonly #deleteBlocks: Record<Tier, StatementSync>
  readonly #rolledUntil: StatementSync
  readonly #setRolledUntil: StatementSync
  readonly #arrayExists: StatementSync
  readonly #insertArray: StatementSync
  readonly #deleteArrays: StatementSync
  readonly #setKeptFrom: StatementSync
  readonly #saveOrigin: StatementSync
  readonly #saveMeta: StatementSync
  readonly #firstTime: StatementSync
  readonly #tag: StatementSync
  readonly #deleteTag: StatementSync
  #nextData: number
  /** Ids without bytes; used again, because a new id at the end would leave a hole in the pages where the old one was. */
  #free: number[] = []
  #freeBefore: number[] = []

  constructor(connection: DatabaseSync, damage: Damage, pause: () => Promise<void>) {
    super(connection, damage)
    this.#connection = connection
    this.#pause = pause
    const prepare = (sql: string) => connection.prepare(sql)
    this.#saveTag = prepare(`insert into tag(id, path, kind, latest_time, latest_value, latest_quality, latest_text)
      values(?, ?, ?, ?, ?, ?, ?) on conflict(id) do update set latest_time = excluded.latest_time,
      latest_value = excluded.latest_value, latest_quality = excluded.latest_quality, latest_text = excluded.latest_text`)
    this.#insertChunk = prepare('insert into chunk(tag, start, end, count, summaries, data) values(?, ?, ?, ?, ?, ?)')
    this.#insertData = prepare('insert into chunk_data(id, bytes) values(?, ?)')
    this.#deleteChunk = prepare('delete from chunk where tag = ? and start = ?')
    this.#deleteData = prepare('delete from chunk_data where id = ?')
    this.#quarantine = prepare(`insert into damaged_chunk(tag, start, end, count, bytes)
      values(?, ?, ?, ?, (select bytes from chunk_data where id = ?))`)
    const perTier = (sql: (table: string) => string) => ({ minute: prepare(sql('minute_block')), hour: prepare(sql('hour_block')) })
    this.#putBlock = perTier((table) => `insert or replace into ${table}(id, bytes) values(?, ?)`)
    this.#deleteBlocks = perTier((table) => `delete from ${table} where id >= ? and id < ?`)
    this.#rolledUntil = prepare('select rolled_until from tag where id = ?')
    this.#setRolledUntil = prepare('update tag set rolled_until = ? where id = ?')
    const saveSequence = 'on conflict(source) do update set sequence = excluded.sequence'
    this.#saveOrigin = prepare(`insert into origin values(?, ?) ${saveSequence}`)
    this.#saveMeta = prepare('insert into meta values(?, ?) on conflict(name) do update set value = excluded.value')
    this.#firstTime = prepare(
      'select min(first) as first from (select min(end) as first from chunk union all select min(time) from array_sample)',
    )
    this.#setKeptFrom = prepare('update tag set kept_from = ? where id = ?')
    this.#tag = prepare('select path, kind from tag where id = ?')
    this.#deleteTag = prepare('delete from tag where id = ?')
    this.#arrayExists = prepare('select 1 from array_sample where tag = ? and time = ?')
    this.#insertArray = prepare(`insert into array_sample(tag, time, quality, statistics, bytes) values(?, ?, ?, ?, ?)
      on conflict(tag, time) do update set quality = excluded.quality, statistics = excluded.statistics, bytes = excluded.bytes`)
    this.#deleteArrays = prepare('delete from array_sample where tag = ? and time >= ? and time < ?')
    this.#nextData = Number(prepare('select coalesce(max(id), 0) + 1 as next from chunk_data').get()?.['next'])
  }

  begin(): undefined {
    this.#connection.exec('begin immediate')
    this.#freeBefore = [...this.#free]
  }

  /** SQLite ends a transaction by itself when the disk is full; what else was on its way must not be written outside of it. */
  #write(statement: StatementSync, ...values: SQLInputValue[]): number {
    if (!this.#connection.isTransaction) throw new Error('the transaction has ended')
    return Number(statement.run(...values).changes)
  }

  commit(): void {
    this.#connection.exec('commit')
    try {
      this.#connection.exec('pragma wal_checkpoint(passive)')
    } catch {
      // What is committed is durable in SQLite's log; it moves to the file another time.
    }
  }

  /** Ids that the transaction took from the end are not used again. */
  rollback(): void {
    try {
      if (this.#connection.isTransaction) this.#connection.exec('rollback')
    } catch {
      // SQLite has rolled back by itself, as it does on a full disk.
    }
    this.#free = [...this.#freeBefore]
  }

  saveTag({ id, path, kind, latestTime, latestValue, latestQuality, latestText }: TagState): void {
    const value = new Uint8Array(Float64Array.of(latestValue).buffer)
    this.#write(this.#saveTag, id, path, kind, Number.isFinite(latestTime) ? latestTime : null, value, latestQuality, latestText)
  }

  insertChunk(tag: number, rows: Rows, summaries: Float64Array | undefined): void {
    const data = this.#free.pop() ?? this.#nextData++
    const end = rows.time[rows.count - 1] as number
    this.#write(this.#insertData, data, encodeChunk(rows))
    this.#write(this.#insertChunk, tag, rows.time[0] as number, end, rows.count, summaries ? new Uint8Array(summaries.buffer) : null, data)
  }

  deleteChunk(chunk: Chunk): void {
    this.#write(this.#deleteChunk, chunk.tag, chunk.start)
    this.#write(this.#deleteData, chunk.data)
    this.#free.push(chunk.data)
  }

  quarantine(chunk: Chunk): void {
    this.#write(this.#quarantine, chunk.tag, chunk.start, chunk.end, chunk.count, chunk.data)
    this.deleteChunk(chunk)
  }

  putBlock(tag: number, tier: Tier, { day, summaries }: Block): void {
    this.#write(this.#putBlock[tier], blockId(tag, day), encodeSummaries(summaries))
  }

  deleteBlocks(tag: number, tier: Tier, from: number, to: number): void {
    this.#write(this.#deleteBlocks[tier], blockId(tag, from), blockId(tag, to))
  }

  rolledUntil(tag: number): number {
    return (this.#rolledUntil.get(tag)?.['rolled_until'] as number | null | undefined) ?? -Infinity
  }

  setRolledUntil(tag: number, day: number): void {
    this.#write(this.#setRolledUntil, day, tag)
  }

  setKeptFrom(tag: number, time: Micros): void {
    this.#write(this.#setKeptFrom, time, tag)
  }

  /** Finds and saves the newest sample anew, after some were deleted. */
  renewLatest(tag: number): TagState {
    const { path, kind } = this.#tag.get(tag) as unknown as Pick<TagState, 'path' | 'kind'>
    const [chunk] = this.chunksBack(tag, Infinity, 1)
    const [rows] = chunk ? this.rows([chunk]) : []
    const [array] = this.arrayRowsBack(tag, Infinity, 1)
    const row = (rows?.count ?? 0) - 1
    const value = rows?.value[row] ?? Number.NaN
    const state = {
      id: tag,
      path,
      kind,
      latestTime: rows?.time[row] ?? array?.time ?? -Infinity,
      latestValue: value,
      latestQuality: rows?.quality[row] ?? array?.quality ?? 0,
      latestText: rows?.texts[value] ?? '',
    }
    this.saveTag(state)
    return state
  }

  deleteTag(tag: number): void {
    this.#write(this.#deleteTag, tag)
  }

  saveOrigins(origins: ReadonlyMap<string, number>): void {
    for (const [source, sequence] of origins) this.#write(this.#saveOrigin, source, sequence)
  }

  saveTotals(totals: Totals, segment?: number): void {
    for (const [name, value] of Object.entries({ ...totals, ...(segment !== undefined && { segment }) }))
      this.#write(this.#saveMeta, name, value)
  }

  survey(): Survey {
    const first = this.#firstTime.get()?.['first'] as number | null | undefined
    const bytesUsed = (this.#number('page_count') - this.#number('freelist_count')) * this.#number('page_size')
    return { firstDay: first == null ? undefined : Math.floor(first / dayUs), bytesUsed }
  }

  async shrink(): Promise<void> {
    while (this.#number('freelist_count') > 0) {
      this.#connection.exec(`pragma incremental_vacuum(${shrinkPages})`)
      await this.#pause()
    }
    this.#connection.exec('pragma wal_checkpoint(truncate)')
  }

  #number(pragma: string): number {
    return Number(this.#connection.prepare(`pragma ${pragma}`).get()?.[pragma])
  }

  async insertArrays(tag: number, rows: readonly ArrayRow[]): Promise<number> {
    let added = 0
    for (const { time, quality, value, statistics } of rows) {
      const bytes = value ? await encodeArray(value) : null
      if (!this.#arrayExists.get(tag, time)) added++
      this.#write(this.#insertArray, tag, time, quality, statistics ? summaryBytes(statistics) : null, bytes)
    }
    return added
  }

  deleteArrays(tag: number, from: Micros, to: Micros): number {
    return this.#write(this.#deleteArrays, tag, from, to)
  }
}

const summaryBytes = ({ min, max, mean, std }: ArrayStatistics) => new Uint8Array(Float64Array.of(min, max, mean, std).buffer)
