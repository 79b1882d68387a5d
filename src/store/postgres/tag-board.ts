// The tags of all partitions with their newest samples, as a process that owns none of them knows them: as sealed, looked at again every few seconds,
// and newer from the batches that pass by.
import type { Pool } from 'pg'
import type { ArrayValue } from '#core/array.ts'
import { valueAt, type Batch, type Sample, type Value } from '#core/batch.ts'
import type { TagPath } from '#core/path.ts'
import type { StoreStatistics } from '#core/store.ts'
import type { Kind } from '#core/tag.ts'
import type { Micros } from '#core/time.ts'
import { LatestArrays } from '#store/engine/latest-arrays.ts'
import { float64s, query, statement, type Row } from './sql.ts'
import { partitionsMax } from './take-partition.ts'

/** Rows that are read at once. */
const stepRows = 20_000

const partitions = statement(
  'partitions',
  'select partition, version, deletions, samples, replaced, expired, bytes from telemetry.partition',
)
const changedTags = statement(
  'changed tags',
  `select id, path, kind, renewed > $2, latest_time, latest_value, latest_quality, latest_text from telemetry.tag
   where partition = $1 and version > $2 and version <= $3 and id > $4 order by id limit ${stepRows}`,
)
const tagIds = statement('tag ids', 'select id from telemetry.tag where partition = $1')

export interface BoardTag {
  /** Undefined until it has been sealed. */
  id: number | undefined
  readonly path: TagPath
  readonly kind: Kind
  latest: Sample | undefined
}

interface Seen {
  readonly version: number
  readonly deletions: number
}

export class TagBoard {
  readonly tags = new Map<TagPath, BoardTag>()
  readonly #pool: Pool
  readonly #arrays = new LatestArrays<BoardTag>()
  readonly #seen = new Map<number, Seen>()
  #statistics = { samples: 0, replaced: 0, expired: 0, bytesOnDisk: 0 }

  constructor(pool: Pool) {
    this.#pool = pool
  }

  get statistics(): StoreStatistics {
    return { tags: this.tags.size, ...this.#statistics }
  }

  /** Looks for what has been sealed, and deleted, since the last time. */
  async refresh(): Promise<void> {
    const totals = { samples: 0, replaced: 0, expired: 0, bytesOnDisk: 0 }
    for (const row of await query(this.#pool, partitions)) {
      const [partition, version, deletions, samples, replaced, expired, bytes] = row as [
        number,
        number,
        number,
        number,
        number,
        number,
        number,
      ]
      totals.samples += samples
      totals.replaced += replaced
      totals.expired += expired
      totals.bytesOnDisk += bytes
      const seen = this.#seen.get(partition) ?? { version: -1, deletions: 0 }
      if (version > seen.version) await this.#readChanged(partition, seen.version, version)
      if (deletions > seen.deletions) await this.#forgetDeleted(partition)
      this.#seen.set(partition, { version, deletions })
    }
    this.#statistics = totals
  }

  /** Takes over the newest samples of a batch that was stored. */
  observe(batch: Batch): void {
    const newest = new Int32Array(batch.tags.length).fill(-1)
    for (let row = 0; row < batch.count; row++) {
      const index = batch.tag[row] as number
      const before = newest[index] as number
      if (before < 0 || (batch.time[row] as number) >= (batch.time[before] as number)) newest[index] = row
    }
    for (const [index, row] of newest.entries()) {
      if (row < 0) continue
      const [path, kind, time] = [batch.tags[index] as TagPath, batch.kinds[index] as Kind, batch.time[row] as Micros]
      const tag = this.tags.get(path) ?? this.#add(undefined, path, kind)
      if (!tag.latest || time >= tag.latest.time)
        this.#set(tag, { time, quality: batch.quality[row] as number, value: valueAt(batch, row) })
    }
  }

  /** The newest sample; an array that memory does not hold is left out, as null. */
  latest(path: TagPath): Sample | undefined {
    const tag = this.tags.get(path)
    if (tag?.kind !== 'array' || !tag.latest) return tag?.latest
    return { ...tag.latest, value: this.#arrays.get(tag) ?? null }
  }

  /** Takes over the newest array of a tag; not if a newer sample has come. */
  restoreArray(tag: BoardTag, time: Micros, value: ArrayValue): void {
    if (tag.latest?.time === time) this.#arrays.set(tag, value)
  }

  forget(path: TagPath): void {
    const tag = this.tags.get(path)
    if (!tag) return
    this.tags.delete(path)
    this.#arrays.set(tag, undefined)
  }

  async #readChanged(partition: number, from: number, to: number): Promise<void> {
    for (let after = -1, rows: Row[] = [[]]; rows.length > 0; after = Number(rows.at(-1)?.[0])) {
      rows = await query(this.#pool, changedTags, [partition, from, to, after])
      for (const row of rows) this.#take(row)
    }
  }

  #take(row: Row): void {
    const [id, path, kind, isRenewed, time, value, quality, text] = row as [
      number,
      TagPath,
      Kind,
      boolean,
      number | null,
      Uint8Array,
      number,
      Uint8Array,
    ]
    const known = this.tags.get(path)
    const isSame = known?.kind === kind && (known.id === undefined || known.id === id)
    const tag = isSame ? known : this.#add(id, path, kind)
    tag.id = id
    if (time === null) tag.latest = undefined
    else if (isRenewed || !tag.latest || time >= tag.latest.time)
      this.#set(tag, { time, quality, value: sealedValue(kind, float64s(value)[0] as number, text) })
  }

  #add(id: number | undefined, path: TagPath, kind: Kind): BoardTag {
    const tag: BoardTag = { id, path, kind, latest: undefined }
    this.forget(path)
    this.tags.set(path, tag)
    return tag
  }

  #set(tag: BoardTag, latest: Sample): void {
    const isKnown = tag.latest?.time === latest.time && latest.value === null
    const array = typeof latest.value === 'object' && latest.value !== null ? latest.value : undefined
    if (tag.kind === 'array' && !isKnown) this.#arrays.set(tag, array)
    tag.latest = array ? { ...latest, value: null } : latest
  }

  async #forgetDeleted(partition: number): Promise<void> {
    const there = new Set((await query(this.#pool, tagIds, [partition])).map(([id]) => id as number))
    for (const { id, path } of this.tags.values())
      if (id !== undefined && id % partitionsMax === partition && !there.has(id)) this.forget(path)
  }
}

const utf8 = new TextDecoder()

function sealedValue(kind: Kind, value: number, text: Uint8Array): Value {
  // Arrays are read when they are asked for.
  if (Number.isNaN(value) || kind === 'array') return null
  return kind === 'text' ? utf8.decode(text) : kind === 'boolean' ? value !== 0 : value
}
