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
import { expectTags } from './expected.ts'
import { Gathered, rowBytes } from './gathered.ts'
import { dropEmptyMonths, Months } from './months.ts'
import { dayBound, PgReader } from './pg-reader.ts'
import { bound, bytesOfFloat64s, byteaArray, legalText, query } from './sql.ts'
import type { WriteSession } from './write-session.ts'
import * as sql from './writer-statements.ts'

/** Bytes that are gathered before they go out. */
const gatherBytes = 2 << 20

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
  /** What is known of tags and chunks in this transaction: the newest chunks of tags that are going to be sealed, bytes that are going to be read. */
  readonly #newest = new Map<number, Chunk[]>()
  readonly #rolledUntil = new Map<number, number>()
  readonly #bytes = new Map<string, Uint8Array>()
  #arrayTags: Set<number> | undefined
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
    for (const known of [this.#newest, this.#rolledUntil, this.#bytes]) known.clear()
    this.#arrayTags = undefined
    this.#grown = 0
  }

  async expect(part: { readonly id: Uint32Array; readonly count: Uint32Array; readonly time: Float64Array }): Promise<void> {
    for (const [tag, { rolledUntil, newest }] of await expectTags(this.ask, part)) {
      this.#rolledUntil.set(tag, rolledUntil)
      this.#newest.set(
        tag,
        newest.map(({ chunk }) => chunk),
      )
      for (const { chunk, bytes } of newest) if (bytes) this.#bytes.set(chunkKey(chunk), bytes)
    }
  }

  override async chunks(tag: number, from: Micros, to: Micros, limit: number): Promise<Chunk[]> {
    await this.#settle(tag)
    if (limit === 1) return super.chunks(tag, from, to, limit)
    // They are read next; of two, the first, and the second tells how far it reaches.
    let left = limit === 2 ? 1 : limit
    return this.chunksWithBytes({ tag, from, to, limit }, (chunk, bytes) => {
      if (left-- > 0) this.#bytes.set(chunkKey(chunk), bytes)
    })
  }

  override async chunksBack(tag: number, before: Micros, limit: number): Promise<Chunk[]> {
    const newest = this.#newest.get(tag)
    if (before === Infinity && newest && limit <= tailChunksMax) return newest.slice(0, limit)
    await this.#settle(tag)
    return super.chunksBack(tag, before, limit)
  }

  override async rows(chunks: readonly Chunk[]): Promise<(Rows | undefined)[]> {
    const [first] = chunks
    if (!first) return []
    const bytes = chunks.map((chunk) => this.#bytes.get(chunkKey(chunk)))
    for (const chunk of chunks) this.#bytes.delete(chunkKey(chunk))
    if (bytes.every((each) => each !== undefined)) return bytes.map((each, index) => this.decode(chunks[index] as Chunk, each))
    await this.#settle(first.tag)
    return super.rows(chunks)
  }

  override async blocks(tag: number, tier: Tier, from: number, to: number): Promise<Block[]> {
    if (this.#gathered.touchesBlocks(tag)) await this.#flush()
    return super.blocks(tag, tier, from, to)
  }

  saveTag(tag: TagState): void {
    this.#gathered.saveTag(tag)
  }

  /** Finds and saves the newest sample anew, after some were deleted. */
  async renewLatest(tag: number): Promise<TagState> {
    await this.#settle(tag)
    const [found] = await this.ask(sql.tagOf, [tag])
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
    await this.ask(sql.renewed, [tag])
    return state
  }

  async deleteTag(tag: number): Promise<void> {
    await this.#flush()
    await this.ask(sql.deleteTag, [tag])
  }

  setKeptFrom(tag: number, time: Micros): void {
    this.#gathered.setKeptFrom(tag, time)
  }

  async rolledUntil(tag: number): Promise<number> {
    const known = this.#rolledUntil.get(tag)
    if (known !== undefined) return known
    const [row] = await this.ask(sql.rolledUntil, [tag])
    const day = (row?.[0] as number | null | undefined) ?? -Infinity
    this.#rolledUntil.set(tag, day)
    return day
  }

  setRolledUntil(tag: number, day: number): void {
    this.#gathered.setRolledUntil(tag, day)
    this.#rolledUntil.set(tag, day)
  }

  async saveOrigins(origins: ReadonlyMap<string, number>): Promise<void> {
    const sequences = new Map([...origins].map(([source, sequence]) => [legalText(source), sequence]))
    if (origins.size > 0) await this.ask(sql.saveOrigins, [this.#session.partition, [...sequences.keys()], [...sequences.values()]])
  }

  async saveTotals({ samples, replaced, expired }: Totals, segment?: number): Promise<void> {
    await this.#flush()
    const values = [this.#session.partition, samples, replaced, expired, this.#grown, segment ?? null, this.#log]
    this.#grown = 0
    await this.ask(sql.saveTotals, values)
  }

  async insertChunk(tag: number, rows: Rows, summaries: Float64Array | undefined): Promise<void> {
    this.#newest.delete(tag)
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
    this.#newest.delete(chunk.tag)
    this.#bytes.delete(chunkKey(chunk))
    if (this.#gathered.hasChunk(chunk)) await this.#flush()
    this.#gathered.deleteChunk(chunk)
  }

  async quarantine(chunk: Chunk): Promise<void> {
    await this.#settle(chunk.tag)
    await this.ask(sql.quarantine, [chunk.tag, chunk.start])
    await this.deleteChunk(chunk)
  }

  async putBlock(tag: number, tier: Tier, { day, summaries }: Block): Promise<void> {
    this.#gathered.putBlock(tier, { tag, day, bytes: encodeSummaries(summaries) })
    if (this.#gathered.bytes >= gatherBytes) await this.#flush()
  }

  async deleteBlocks(tag: number, tier: Tier, from: number, to: number): Promise<void> {
    const cut = { tag, from: dayBound(from), to: dayBound(to) }
    if (this.#gathered.hasBlock(tier, cut)) await this.#flush()
    this.#gathered.cutBlocks(tier, cut)
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
    const [there] = await this.ask(sql.arraysThere, [tag, times])
    await this.#session.run(async (client) => {
      await this.#months.prepare(client, 'array_sample', times)
      const statistics = rows.map(({ statistics }) => (statistics ? summaryBytes(statistics) : null))
      await query(client, sql.insertArrays, [tag, times, rows.map(({ quality }) => quality), byteaArray(statistics), byteaArray(bytes)])
    })
    const [count, size] = there as [number, number]
    this.#grown -= size
    return rows.length - count
  }

  async deleteArrays(tag: number, from: Micros, to: Micros): Promise<number> {
    this.#arrayTags ??= new Set((await this.ask(sql.arrayTags, [this.#session.partition])).map(([id]) => id as number))
    if (!this.#arrayTags.has(tag)) return 0
    const [gone] = await this.ask(sql.deleteArrays, [tag, bound(from), bound(to)])
    const [count, size] = gone as [number, number]
    this.#grown -= size
    return count
  }

  async survey(): Promise<Survey> {
    const [row] = await query(this.#pool, sql.survey, [this.#session.partition])
    const [bytesUsed, first] = row as [number, number | null]
    return { firstDay: first === null ? undefined : Math.floor(first / dayUs), bytesUsed }
  }

  /** Gives whole months back; the space of single rows is PostgreSQL's to use again (autovacuum). */
  async shrink(): Promise<void> {
    await dropEmptyMonths(this.#pool)
  }

  /** What was written of a tag's chunks goes out before they are read again. */
  async #settle(tag: number): Promise<void> {
    if (this.#gathered.touchesChunks(tag)) await this.#flush()
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
const chunkKey = ({ tag, start }: Chunk) => `${tag} ${start}`
