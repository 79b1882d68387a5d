// What a transaction is going to write, gathered so that it goes out in few statements of many rows.
import type { ClientBase } from 'pg'
import type { Chunk, TagState, Tier } from '#store/engine/shelf.ts'
import type { Months } from './months.ts'
import { byteaArray, bytesOfFloat64s, legalText, query, statement } from './sql.ts'

export interface NewChunk {
  readonly tag: number
  readonly start: number
  readonly end: number
  readonly count: number
  readonly summaries: Uint8Array | null
  readonly bytes: Uint8Array
}

interface NewBlock {
  readonly tag: number
  readonly day: number
  readonly bytes: Uint8Array
}

/** Blocks of days from ≤ day < to that go. */
interface Cut {
  readonly tag: number
  readonly from: number
  readonly to: number
}

/** Where what is gathered goes. */
interface Goal {
  readonly partition: number
  /** The partition's with this transaction. */
  readonly version: number
  readonly months: Months
}

/** About what a row takes beside its bytes: its header, its key, the key in the index. */
export const rowBytes = 100

const saveTags = statement(
  'save tags',
  `insert into telemetry.tag(id, path, kind, partition, version, latest_time, latest_value, latest_quality, latest_text)
   select id, path, kind, $8, $9, time, value, quality, text
   from unnest($1::int[], $2::text[], $3::text[], $4::bigint[], $5::bytea[], $6::smallint[], $7::bytea[])
     as new(id, path, kind, time, value, quality, text)
   on conflict(id) do update set version = excluded.version, latest_time = excluded.latest_time, latest_value = excluded.latest_value,
     latest_quality = excluded.latest_quality, latest_text = excluded.latest_text`,
)
const setDays = statement(
  'set rolled',
  'update telemetry.tag set rolled_until = day from unnest($1::int[], $2::int[]) as new(tag, day) where id = new.tag',
)
const setKept = statement(
  'set kept',
  'update telemetry.tag set kept_from = time from unnest($1::int[], $2::bigint[]) as new(tag, time) where id = new.tag',
)
const deleteChunks = statement(
  'delete chunks',
  `with gone as (delete from telemetry.chunk using unnest($1::int[], $2::bigint[]) as old(tag, start)
     where chunk.tag = old.tag and chunk.start = old.start returning octet_length(bytes) + coalesce(octet_length(summaries), 0) as size)
   select coalesce(sum(size + ${rowBytes}), 0)::bigint from gone`,
)
const insertChunks = statement(
  'insert chunks',
  `insert into telemetry.chunk(tag, start, "end", count, summaries, bytes)
   select * from unnest($1::int[], $2::bigint[], $3::bigint[], $4::int[], $5::bytea[], $6::bytea[])`,
)
const putBlocks = (tier: Tier) =>
  statement(
    `put ${tier}`,
    `insert into telemetry.${tier}_block(tag, day, bytes) select * from unnest($1::int[], $2::int[], $3::bytea[])
     on conflict(tag, day) do update set bytes = excluded.bytes`,
  )
const putBlocksOf = { minute: putBlocks('minute'), hour: putBlocks('hour') }
const cutBlocks = (tier: Tier) =>
  statement(
    `cut ${tier}`,
    `with gone as (delete from telemetry.${tier}_block as block using unnest($1::int[], $2::int[], $3::int[]) as cut(tag, first, "end")
       where block.tag = cut.tag and day >= first and day < "end" returning octet_length(bytes) as size)
     select coalesce(sum(size + ${rowBytes}), 0)::bigint from gone`,
  )
const cutBlocksOf = { minute: cutBlocks('minute'), hour: cutBlocks('hour') }

export class Gathered {
  readonly #tags = new Map<number, TagState>()
  readonly #rolledUntil = new Map<number, number>()
  readonly #keptFrom = new Map<number, number>()
  #deleted: Pick<Chunk, 'tag' | 'start'>[] = []
  readonly #chunks = new Map<string, NewChunk>()
  readonly #blocks: Record<Tier, Map<string, NewBlock>> = { minute: new Map(), hour: new Map() }
  #cuts: Record<Tier, Cut[]> = { minute: [], hour: [] }
  /** Tags of which chunks, or blocks, wait. */
  readonly #chunkTags = new Set<number>()
  readonly #blockTags = new Set<number>()
  /** Bytes that wait. */
  bytes = 0

  get isEmpty(): boolean {
    return this.#tags.size + this.#rolledUntil.size + this.#keptFrom.size + this.#chunkTags.size + this.#blockTags.size === 0
  }

  touchesChunks(tag: number): boolean {
    return this.#chunkTags.has(tag)
  }

  touchesBlocks(tag: number): boolean {
    return this.#blockTags.has(tag)
  }

  saveTag(tag: TagState): void {
    this.#tags.set(tag.id, tag)
  }

  setRolledUntil(tag: number, day: number): void {
    this.#rolledUntil.set(tag, day)
  }

  setKeptFrom(tag: number, time: number): void {
    this.#keptFrom.set(tag, time)
  }

  hasChunk({ tag, start }: Pick<Chunk, 'tag' | 'start'>): boolean {
    return this.#chunks.has(`${tag} ${start}`)
  }

  /** Goes out before chunks that are inserted. */
  deleteChunk({ tag, start }: Chunk): void {
    this.#deleted.push({ tag, start })
    this.#chunkTags.add(tag)
  }

  insertChunk(chunk: NewChunk): void {
    this.#chunks.set(`${chunk.tag} ${chunk.start}`, chunk)
    this.#chunkTags.add(chunk.tag)
    this.bytes += chunk.bytes.length + (chunk.summaries?.length ?? 0) + rowBytes
  }

  putBlock(tier: Tier, block: NewBlock): void {
    this.#blocks[tier].set(`${block.tag} ${block.day}`, block)
    this.#blockTags.add(block.tag)
    this.bytes += block.bytes.length + rowBytes
  }

  /** Whether a block waits that lies in these days. */
  hasBlock(tier: Tier, { tag, from, to }: Cut): boolean {
    if (!this.#blockTags.has(tag)) return false
    return this.#blocks[tier].values().some((block) => block.tag === tag && from <= block.day && block.day < to)
  }

  /** Goes out before blocks that are put. */
  cutBlocks(tier: Tier, cut: Cut): void {
    this.#cuts[tier].push(cut)
    this.#blockTags.add(cut.tag)
  }

  /** Takes all that waits and returns what writes it, which resolves to by how many bytes that made the partition grow. */
  take({ partition, version, months }: Goal): (client: ClientBase) => Promise<number> {
    const tags = this.#tags.values().toArray()
    const [rolled, kept, deleted, cuts] = [[...this.#rolledUntil], [...this.#keptFrom], this.#deleted, this.#cuts]
    let grown = this.bytes
    const chunks = this.#chunks.values().toArray()
    const blocks = { minute: this.#blocks.minute.values().toArray(), hour: this.#blocks.hour.values().toArray() }
    this.clear()
    return async (client) => {
      if (tags.length > 0) await query(client, saveTags, [...tagColumns(tags), partition, version])
      if (rolled.length > 0) await query(client, setDays, columns(rolled, 2))
      if (kept.length > 0) await query(client, setKept, columns(kept, 2))
      const keys = [deleted.map(({ tag }) => tag), deleted.map(({ start }) => start)]
      const [gone] = deleted.length > 0 ? await query(client, deleteChunks, keys) : []
      grown -= Number(gone?.[0] ?? 0)
      if (chunks.length > 0) {
        const starts = chunks.map(({ start }) => start)
        await months.prepare(client, 'chunk', starts)
        await query(client, insertChunks, [
          chunks.map(({ tag }) => tag),
          starts,
          chunks.map(({ end }) => end),
          chunks.map(({ count }) => count),
          byteaArray(chunks.map(({ summaries }) => summaries)),
          byteaArray(chunks.map(({ bytes }) => bytes)),
        ])
      }
      for (const tier of ['minute', 'hour'] as const) {
        const [old, all] = [cuts[tier], blocks[tier]]
        const days = [old.map(({ tag }) => tag), old.map(({ from }) => from), old.map(({ to }) => to)]
        const [cut] = old.length > 0 ? await query(client, cutBlocksOf[tier], days) : []
        grown -= Number(cut?.[0] ?? 0)
        const columns = [all.map(({ tag }) => tag), all.map(({ day }) => day), byteaArray(all.map(({ bytes }) => bytes))]
        if (all.length > 0) await query(client, putBlocksOf[tier], columns)
      }
      return grown
    }
  }

  clear(): void {
    for (const map of [this.#tags, this.#rolledUntil, this.#keptFrom, this.#chunks, this.#blocks.minute, this.#blocks.hour]) map.clear()
    this.#deleted = []
    this.#cuts = { minute: [], hour: [] }
    this.#chunkTags.clear()
    this.#blockTags.clear()
    this.bytes = 0
  }
}

const utf8 = new TextEncoder()

function tagColumns(tags: readonly TagState[]): unknown[] {
  return [
    tags.map(({ id }) => id),
    tags.map(({ path }) => legalText(path)),
    tags.map(({ kind }) => kind),
    tags.map(({ latestTime }) => (Number.isFinite(latestTime) ? latestTime : null)),
    byteaArray(tags.map(({ latestValue }) => bytesOfFloat64s(Float64Array.of(latestValue)))),
    tags.map(({ latestQuality }) => latestQuality),
    byteaArray(tags.map(({ latestText }) => utf8.encode(latestText))),
  ]
}

/** Pairs as columns. */
function columns(pairs: readonly (readonly number[])[], count: number): number[][] {
  return Array.from({ length: count }, (_, index) => pairs.map((pair) => pair[index] as number))
}
