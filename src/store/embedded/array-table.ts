// Sealed array samples: one compressed blob each, with its statistics beside it.
import type { StatementSync } from 'node:sqlite'
import type { ArrayStatistics, ArrayValue } from '#core/array.ts'
import type { Log } from '#core/driver.ts'
import { messageOf } from '#core/errors.ts'
import type { ArrayFrame, ArrayFrameSummary } from '#core/store.ts'
import type { Micros } from '#core/time.ts'
import type { Quality } from '#core/quality.ts'
import { decodeArray, decodeArraySync, encodeArray } from '#store/chunk/array-codec.ts'
import type { Database } from './database.ts'
import type { ArrayRow } from './series.ts'

interface StoredArray {
  readonly time: Micros
  readonly quality: Quality
  readonly bytes: Uint8Array | null
}

export class ArrayTable {
  readonly #log: Log
  readonly #damaged = new Set<string>()
  readonly #selectAt: StatementSync
  readonly #selectNewest: StatementSync
  readonly #selectSummaries: StatementSync
  readonly #selectRows: StatementSync
  readonly #selectRowsBack: StatementSync
  readonly #exists: StatementSync
  readonly #insert: StatementSync

  constructor({ reader, writer }: Database, log: Log) {
    this.#log = log
    this.#selectAt = reader.prepare('select time, quality, bytes from array_sample where tag = ? and time = ?')
    this.#selectNewest = reader.prepare(
      'select time, quality, bytes from array_sample where tag = ? and time <= ? and bytes is not null order by time desc limit 1',
    )
    this.#selectSummaries = reader.prepare(
      'select time, quality, statistics from array_sample where tag = ? and time >= ? and time < ? order by time limit ?',
    )
    this.#selectRows = reader.prepare(
      'select time, quality from array_sample where tag = ? and time >= ? and time < ? order by time limit ?',
    )
    this.#selectRowsBack = reader.prepare('select time, quality from array_sample where tag = ? and time < ? order by time desc limit ?')
    this.#exists = writer.prepare('select 1 from array_sample where tag = ? and time = ?')
    this.#insert = writer.prepare(`insert into array_sample(tag, time, quality, statistics, bytes) values(?, ?, ?, ?, ?)
      on conflict(tag, time) do update set quality = excluded.quality, statistics = excluded.statistics, bytes = excluded.bytes`)
  }

  /** Array samples found damaged since the store was opened. */
  get damagedArrays(): number {
    return this.#damaged.size
  }

  /** The sample at exactly this time, decoded at once. A damaged one counts as having no value. Never throws. */
  at(tag: number, time: Micros): { quality: Quality; value: ArrayValue | undefined } | undefined {
    const row = this.#readable(tag, time, () => this.#selectAt.get(tag, time) as StoredArray | undefined)
    const bytes = row?.bytes
    return row && { quality: row.quality, value: bytes ? this.#readable(tag, time, () => decodeArraySync(bytes)) : undefined }
  }

  /** The newest readable array at or before a time. */
  async newest(tag: number, time: Micros): Promise<ArrayFrame | undefined> {
    for (let at = time; ; ) {
      const row = this.#selectNewest.get(tag, at) as StoredArray | undefined
      if (!row) return undefined
      try {
        return { time: row.time, quality: row.quality, ...(await decodeArray(row.bytes as Uint8Array)) }
      } catch (error) {
        this.#report(tag, row.time, error)
        at = row.time - 1
      }
    }
  }

  /** Up to `limit` samples with from ≤ time < to, oldest first; those without a value have no summary. */
  summaries(tag: number, from: Micros, to: Micros, limit: number): { time: Micros; summary: ArrayFrameSummary | undefined }[] {
    return this.#selectSummaries.all(tag, from, to, limit).map((row) => {
      const { time, quality, statistics } = row as unknown as { time: number; quality: number; statistics: Uint8Array | null }
      if (!statistics) return { time, summary: undefined }
      const [min = 0, max = 0, mean = 0, std = 0] = new Float64Array(statistics.slice().buffer)
      return { time, summary: { time, quality, min, max, mean, std } }
    })
  }

  rows(tag: number, from: Micros, to: Micros, limit: number): { time: Micros; quality: Quality }[] {
    return this.#selectRows.all(tag, from, to, limit) as unknown as { time: number; quality: number }[]
  }

  /** The newest `limit` rows with time < before, oldest first. */
  rowsBack(tag: number, before: Micros, limit: number): { time: Micros; quality: Quality }[] {
    return (this.#selectRowsBack.all(tag, before, limit) as unknown as { time: number; quality: number }[]).toReversed()
  }

  /** Writes samples inside a transaction of the writer; resolves to how many were not there before. */
  async write(tag: number, rows: readonly ArrayRow[]): Promise<number> {
    let added = 0
    for (const { time, quality, value, statistics } of rows) {
      const bytes = value ? await encodeArray(value) : null
      if (!this.#exists.get(tag, time)) added++
      this.#insert.run(tag, time, quality, statistics ? summaryBytes(statistics) : null, bytes)
    }
    return added
  }

  #readable<T>(tag: number, time: Micros, read: () => T): T | undefined {
    try {
      return read()
    } catch (error) {
      this.#report(tag, time, error)
      return undefined
    }
  }

  #report(tag: number, time: Micros, error: unknown): void {
    const key = `${tag} ${time}`
    if (!this.#damaged.has(key))
      this.#log.warn(`the array of tag ${tag} at ${time} µs cannot be read (${messageOf(error)}); all others can: restore it from a backup`)
    this.#damaged.add(key)
  }
}

const summaryBytes = ({ min, max, mean, std }: ArrayStatistics) => new Uint8Array(Float64Array.of(min, max, mean, std).buffer)
