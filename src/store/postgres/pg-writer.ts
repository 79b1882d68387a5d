// Sealed telemetry in PostgreSQL inside one transaction, as sealing and retention see it. What it writes is gathered, and goes out before the same tag
// is read again; what sealing reads of many tags is fetched at once.
import type { Pool } from 'pg'
import type { ArrayStatistics } from '#core/array.ts'
import { dayUs, type Micros } from '#core/time.ts'
import { encodeArray } from '#store/chunk/array-codec.ts'
import { encodeChunk } from '#store/chunk/chunk-codec.ts'
import type { Rows } from '#store/chunk/rows.ts'
import type { Damage } from '#store/engine/damage.ts'
import type { ArrayRow, Block, Chunk, ShelfWriter, Survey, TagState, Tier, Totals } from '#store/engine/shelf.ts'
import { tailChunksMax } from '#store/engine/seal-tag.ts'
import { encodeSummaries } from '#store/rollup/summaries-codec.ts'
import { expectTags, type Expected } from './expected.ts'
import { Gathered, rowBytes } from './gathered.ts'
import { dropEmptyMonths, Months } from './months.ts'
import { dayBound, PgReader } from './pg-reader.ts'
import { bound, bytesOfFloat64s, byteaArray, legalText, query, statement } from './sql.ts'
import type { WriteSession } from './write-session.ts'

/** Bytes that are gathered before they go out. */
const gatherBytes = 2 << 20

const rolledUntil = statement('rolled', 'select rolled_until from telemetry.tag where id = $1')
const tagOf = statement('tag', 'select path, kind from telemetry.tag where id = $1')
const renewed = statement('renewed', 'update telemetry.tag set renewed = version where id = $1')
const deleteTag = statement(
  'delete tag',
  `with gone as (delete from telemetry.tag where id = $1 returning partition)
   update telemetry.partition set deletions = deletions + 1 from gone where partition.partition = gone.partition`,
)
const quarantine = statement(
  'quarantine',
  `insert into telemetry.damaged_chunk select tag, start, "end", count, bytes from telemetry.chunk where tag = $1 and start = $2`,
)
const deleteBlocks = (tier: Tier) =>
  statement(
    `delete ${tier}s`,
    `with gone as (delete from telemetry.${tier}_block where tag = $1 and day >= $2 and day < $3 returning octet_length(bytes) as size)
     select coalesce(sum(size + ${rowBytes}), 0)::bigint from gone`,
  )
const deleteBlocksOf = { minute: deleteBlocks('minute'), hour: deleteBlocks('hour') }
const arraysThere = statement(
  'arrays there',
  `select count(*), coalesce(sum(coalesce(octet_length(bytes), 0) + ${rowBytes}), 0)::bigint
   from telemetry.array_sample where tag = $1 and time = any($2::bigint[])`,
)
const insertArrays = statement(
  'insert arrays',
  `insert into telemetry.array_sample(tag, time, quality, statistics, bytes)
   select $1, * from unnest($2::bigint[], $3::smallint[], $4::bytea[], $5::bytea[])
   on conflict(tag, time) do update set quality = excluded.quality, statistics = excluded.statistics, bytes = excluded.bytes`,
)
const deleteArrays = statement(
  'delete arrays',
  `with gone as (delete from telemetry.array_sample where tag = $1 and time >= $2 and time < $3
     returning coalesce(octet_length(bytes), 0) as size)
   select count(*), coalesce(sum(size + ${rowBytes}), 0)::bigint from gone`,
)
const saveOrigins = statement(
  'save origins',
  `insert into telemetry.origin(partition, source, sequence) select $1, * from unnest($2::text[], $3::bigint[])
   on conflict(partition, source) do update set sequence = excluded.sequence`,
)
const saveTotals = statement(
  'save totals',
  `update telemetry.partition set samples = $2, replaced = $3, expired = $4, bytes = greatest(0, bytes + $5::bigint),
     version = version + 1, segment = coalesce($6::bigint, segment), log = case when $6::bigint is null then log else $7 end
   where partition = $1`,
)
const survey = statement(
  'survey',
  `select (select bytes from telemetry.partition where partition = $1), min(first) from (
     select min("end") as first from telemetry.chunk where tag in (select id from telemetry.tag where partition = $1)
     union all select min(time) from telemetry.array_sample where tag in (select id from telemetry.tag where partition = $1)) as firsts`,
)

export interface PgWriterParts {
  readonly pool: Pool
  readonly session: WriteSession
  /** The log whose segments are sealed. */
  readonly log: string
  readonly damage: Damage
}

export class PgWriter extends PgReader implements ShelfWriter {
  readonly #pool: Pool
  readonly #session: WriteSession
  readonly #log: string
  readonly #months = new Months()
  readonly #gathered = new Gathered()
  readonly #expected = new Map<number, Expected>()
  /** By how many bytes the partition has grown in this transaction. */
  #grown = 0
  #version = 0

  constructor({ pool, session, log, damage }: PgWriterParts) {
    super(session.ask, damage)
    this.#pool = pool
    this.#session = session
    this.#log = log
  }

  async begin(): Promise<Totals> {
    this.#clear()
    const { version, totals } = await this.#session.begin()
    this.#version = version + 1
    return totals
  }

  async commit(): Promise<void> {
    await this.#flush()
    await this.#session.commit()
    this.#clear()
  }

  async rollback(): Promise<void> {
    await this.#session.rollback()
    this.#clear()
    this.#months.forget()
  }

  #clear(): void {
    this.#gathered.clear()
    this.#expected.clear()
    this.#grown = 0
  }

  async expect(part: { readonly id: Uint32Array; readonly count: Uint32Array; readonly time: Float64Array }): Promise<void> {
    for (const [tag, expected] of await expectTags(this.ask, part)) this.#expected.set(tag, expected)
  }

  override async chunks(tag: number, from: Micros, to: Micros, limit: number): Promise<Chunk[]> {
    await this.#settle(tag)
    return super.chunks(tag, from, to, limit)
  }

  override async chunksBack(tag: number, before: Micros, limit: number): Promise<Chunk[]> {
    const newest = this.#expected.get(tag)?.newest
    if (before === Infinity && newest && limit <= tailChunksMax) return newest.slice(0, limit)
    await this.#settle(tag)
    return super.chunksBack(tag, before, limit)
  }

  override async rows(chunks: readonly Chunk[]): Promise<(Rows | undefined)[]> {
    const [first] = chunks
    if (!first) return []
    const expected = this.#expected.get(first.tag)
    const bytes = chunks.map(({ start }) => expected?.bytes.get(start))
    for (const { start } of chunks) expected?.bytes.delete(start)
    if (bytes.every((each) => each !== undefined)) return bytes.map((each, index) => this.decode(chunks[index] as Chunk, each))
    await this.#settle(first.tag)
    return super.rows(chunks)
  }

  override async blocks(tag: number, tier: Tier, from: number, to: number): Promise<Block[]> {
    await this.#settle(tag)
    return super.blocks(tag, tier, from, to)
  }

  saveTag(tag: TagState): void {
    this.#gathered.saveTag(tag)
  }

  /** Finds and saves the newest sample anew, after some were deleted. */
  async renewLatest(tag: number): Promise<TagState> {
    await this.#settle(tag)
    const [found] = await this.ask(tagOf, [tag])
    const [path, kind] = found as [TagState['path'], TagState['kind']]
    const [chunk] = await this.chunksBack(tag, Infinity, 1)
    const [rows] = chunk ? await this.rows([chunk]) : []
    const [array] = await this.arrayRowsBack(tag, Infinity, 1)
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
    await this.#flush()
    await this.ask(renewed, [tag])
    return state
  }

  async deleteTag(tag: number): Promise<void> {
    await this.#flush()
    await this.ask(deleteTag, [tag])
  }

  setKeptFrom(tag: number, time: Micros): void {
    this.#gathered.setKeptFrom(tag, time)
  }

  async rolledUntil(tag: number): Promise<number> {
    const known = this.#gathered.rolledUntil(tag) ?? this.#expected.get(tag)?.rolledUntil
    if (known !== undefined) return known
    const [row] = await this.ask(rolledUntil, [tag])
    return (row?.[0] as number | null | undefined) ?? -Infinity
  }

  setRolledUntil(tag: number, day: number): void {
    this.#gathered.setRolledUntil(tag, day)
    const expected = this.#expected.get(tag)
    if (expected) expected.rolledUntil = day
  }

  async saveOrigins(origins: ReadonlyMap<string, number>): Promise<void> {
    const sequences = new Map([...origins].map(([source, sequence]) => [legalText(source), sequence]))
    if (origins.size > 0) await this.ask(saveOrigins, [this.#session.partition, [...sequences.keys()], [...sequences.values()]])
  }

  async saveTotals({ samples, replaced, expired }: Totals, segment?: number): Promise<void> {
    await this.#flush()
    const values = [this.#session.partition, samples, replaced, expired, this.#grown, segment ?? null, this.#log]
    this.#grown = 0
    await this.ask(saveTotals, values)
  }

  async insertChunk(tag: number, rows: Rows, summaries: Float64Array | undefined): Promise<void> {
    this.#forgetNewest(tag)
    this.#gathered.insertChunk({
      tag,
      start: rows.time[0] as number,
      end: rows.time[rows.count - 1] as number,
      count: rows.count,
      summaries: summaries ? bytesOfFloat64s(summaries) : null,
      bytes: encodeChunk(rows),
    })
    if (this.#gathered.bytes >= gatherBytes) await this.#flush()
  }

  async deleteChunk(chunk: Chunk): Promise<void> {
    this.#forgetNewest(chunk.tag)
    this.#expected.get(chunk.tag)?.bytes.delete(chunk.start)
    if (this.#gathered.hasChunk(chunk)) await this.#flush()
    this.#gathered.deleteChunk(chunk)
  }

  async quarantine(chunk: Chunk): Promise<void> {
    await this.#settle(chunk.tag)
    await this.ask(quarantine, [chunk.tag, chunk.start])
    await this.deleteChunk(chunk)
  }

  async putBlock(tag: number, tier: Tier, { day, summaries }: Block): Promise<void> {
    this.#gathered.putBlock(tier, { tag, day, bytes: encodeSummaries(summaries) })
    if (this.#gathered.bytes >= gatherBytes) await this.#flush()
  }

  async deleteBlocks(tag: number, tier: Tier, from: number, to: number): Promise<void> {
    await this.#settle(tag)
    const [gone] = await this.ask(deleteBlocksOf[tier], [tag, dayBound(from), dayBound(to)])
    this.#grown -= Number(gone?.[0])
  }

  async insertArrays(tag: number, rows: readonly ArrayRow[]): Promise<number> {
    let added = 0
    for (let from = 0; from < rows.length; ) {
      const encoded: (Uint8Array | null)[] = []
      let bytes = 0
      while (from + encoded.length < rows.length && bytes < gatherBytes) {
        const value = rows[from + encoded.length]?.value
        encoded.push(value ? await encodeArray(value) : null)
        bytes += (encoded.at(-1)?.length ?? 0) + rowBytes
      }
      added += await this.#insertArrays(tag, rows.slice(from, from + encoded.length), encoded)
      from += encoded.length
      this.#grown += bytes
    }
    return added
  }

  async #insertArrays(tag: number, rows: readonly ArrayRow[], bytes: readonly (Uint8Array | null)[]): Promise<number> {
    const times = rows.map(({ time }) => time)
    const [there] = await this.ask(arraysThere, [tag, times])
    await this.#session.run(async (client) => {
      await this.#months.prepare(client, 'array_sample', times)
      const statistics = rows.map(({ statistics }) => (statistics ? summaryBytes(statistics) : null))
      await query(client, insertArrays, [tag, times, rows.map(({ quality }) => quality), byteaArray(statistics), byteaArray(bytes)])
    })
    const [count, size] = there as [number, number]
    this.#grown -= size
    return rows.length - count
  }

  async deleteArrays(tag: number, from: Micros, to: Micros): Promise<number> {
    const [gone] = await this.ask(deleteArrays, [tag, bound(from), bound(to)])
    const [count, size] = gone as [number, number]
    this.#grown -= size
    return count
  }

  async survey(): Promise<Survey> {
    const [row] = await query(this.#pool, survey, [this.#session.partition])
    const [bytesUsed, first] = row as [number, number | null]
    return { firstDay: first === null ? undefined : Math.floor(first / dayUs), bytesUsed }
  }

  /** Gives whole months back; the space of single rows is PostgreSQL's to use again (autovacuum). */
  async shrink(): Promise<void> {
    await dropEmptyMonths(this.#pool)
  }

  #forgetNewest(tag: number): void {
    const expected = this.#expected.get(tag)
    if (expected) expected.newest = undefined
  }

  /** What was written of a tag goes out before it is read again. */
  async #settle(tag: number): Promise<void> {
    if (this.#gathered.touches(tag)) await this.#flush()
  }

  async #flush(): Promise<void> {
    if (this.#gathered.isEmpty) return
    const grown = await this.#session.run(
      this.#gathered.take({ partition: this.#session.partition, version: this.#version, months: this.#months }),
    )
    this.#grown += grown
  }
}

const summaryBytes = ({ min, max, mean, std }: ArrayStatistics) => bytesOfFloat64s(Float64Array.of(min, max, mean, std))
