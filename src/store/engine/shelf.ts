// The shelf: where sealed telemetry rests, whatever database it is. Reading and sealing meet it through these contracts only.
import type { ArrayStatistics, ArrayValue } from '#core/array.ts'
import type { ArrayFrame, ArrayFrameSummary } from '#core/store.ts'
import type { TagPath } from '#core/path.ts'
import type { Quality } from '#core/quality.ts'
import type { Kind } from '#core/tag.ts'
import type { Micros } from '#core/time.ts'
import type { Rows } from '#store/chunk/rows.ts'

/** A shelf in this process answers at once, one behind a network later. */
export type Awaitable<T> = T | Promise<T>

/** Rows of one tag under one key; chunks of a tag are disjoint in time. */
export interface Chunk {
  readonly tag: number
  readonly start: Micros
  /** Time of its newest row. */
  readonly end: Micros
  readonly count: number
  /** A table of summaries, one per hour that has rows (`rollup/summary.ts`); none for a chunk of few rows an hour, or of texts. */
  readonly summaries: Float64Array | undefined
  /** Where its bytes are. */
  readonly data: number
}

/** A sample of an array tag; without a value it has no statistics. */
export interface ArrayRow {
  readonly time: Micros
  readonly quality: Quality
  readonly value: ArrayValue | undefined
  readonly statistics: ArrayStatistics | undefined
}

/** The finer tier has a summary per minute, the coarser one per hour; both are kept in blocks of one UTC day. */
export type Tier = 'minute' | 'hour'

export interface Block {
  /** Days since 1970 UTC. */
  readonly day: number
  /** A table of summaries, ascending in time. */
  readonly summaries: Float64Array
}

/** Sealed telemetry as reading sees it. What is damaged counts as not there, is counted, and logged once. */
export interface ShelfReader {
  /** Up to `limit` chunks that reach into from ≤ time < to, oldest first. */
  chunks(tag: number, from: Micros, to: Micros, limit: number): Awaitable<Chunk[]>
  /** Up to `limit` chunks that begin before `before`, newest first. */
  chunksBack(tag: number, before: Micros, limit: number): Awaitable<Chunk[]>
  /** The rows of each chunk; undefined for a damaged one. */
  rows(chunks: readonly Chunk[]): Awaitable<(Rows | undefined)[]>
  /** The blocks of days from ≤ day < to that there are, oldest first. A day without one is answered by what is finer. */
  blocks(tag: number, tier: Tier, from: number, to: number): Awaitable<Block[]>
  /** The newest block of a day before `before`. */
  lastBlock(tag: number, tier: Tier, before: number): Awaitable<Block | undefined>
  /** Up to `limit` array samples with from ≤ time < to, oldest first. */
  arrayRows(tag: number, from: Micros, to: Micros, limit: number): Awaitable<{ time: Micros; quality: Quality }[]>
  /** The newest `limit` array samples with time < before, oldest first. */
  arrayRowsBack(tag: number, before: Micros, limit: number): Awaitable<{ time: Micros; quality: Quality }[]>
  /** Up to `limit` array samples with from ≤ time < to, oldest first; those without a value have no summary. */
  arraySummaries(
    tag: number,
    from: Micros,
    to: Micros,
    limit: number,
  ): Awaitable<{ time: Micros; summary: ArrayFrameSummary | undefined }[]>
  /** The newest readable array at or before a time. */
  newestArray(tag: number, time: Micros): Awaitable<ArrayFrame | undefined>
}

/** What a shelf keeps of a tag beside its samples. */
export interface TagState {
  readonly id: number
  readonly path: TagPath
  readonly kind: Kind
  /** -Infinity for a tag without samples. */
  readonly latestTime: Micros
  readonly latestValue: number
  readonly latestQuality: Quality
  readonly latestText: string
}

/** What is counted over the whole life of a store. */
export interface Totals {
  readonly samples: number
  readonly replaced: number
  readonly expired: number
}

/** A shelf inside one transaction, as sealing and retention see it: what they wrote they read. */
export interface ShelfWriter extends Pick<ShelfReader, 'chunks' | 'chunksBack' | 'rows' | 'blocks'> {
  /** Resolves to what is counted on the shelf, where a commit may have worked that was heard to fail. */
  begin(): Awaitable<Totals | undefined>
  /** Durable when it resolves. */
  commit(): Awaitable<void>
  /** Never throws. */
  rollback(): Awaitable<void>

  /** Fetches what sealing these tags will ask for; absent where asking is quick. */
  expect?(part: { readonly id: Uint32Array; readonly count: Uint32Array; readonly time: Float64Array }): Promise<void>
  saveTag(tag: TagState): Awaitable<void>
  /** Finds and saves the newest sample of a tag anew, after some were deleted. */
  renewLatest(tag: number): Awaitable<TagState>
  deleteTag(tag: number): Awaitable<void>
  setKeptFrom(tag: number, time: Micros): Awaitable<void>
  /** The first day that has not been rolled up into blocks, or has changed since; -Infinity before the first time. */
  rolledUntil(tag: number): Awaitable<number>
  setRolledUntil(tag: number, day: number): Awaitable<void>
  saveOrigins(origins: ReadonlyMap<string, number>): Awaitable<void>
  /** `segment`: how far the log is sealed with this transaction. */
  saveTotals(totals: Totals, segment?: number): Awaitable<void>

  /** Writes rows as one chunk. */
  insertChunk(tag: number, rows: Rows, summaries: Float64Array | undefined): Awaitable<void>
  deleteChunk(chunk: Chunk): Awaitable<void>
  /** Moves a damaged chunk aside, bytes and all, so that its range of time can be written again. */
  quarantine(chunk: Chunk): Awaitable<void>
  putBlock(tag: number, tier: Tier, block: Block): Awaitable<void>
  /** Deletes the blocks of days from ≤ day < to. */
  deleteBlocks(tag: number, tier: Tier, from: number, to: number): Awaitable<void>
  /** Writes array samples; resolves to how many were not there before. */
  insertArrays(tag: number, rows: readonly ArrayRow[]): Awaitable<number>
  /** Deletes the array samples with from ≤ time < to; resolves to how many. */
  deleteArrays(tag: number, from: Micros, to: Micros): Awaitable<number>

  /** The first day that has rows of any tag, and the bytes in use. */
  survey(): Awaitable<Survey>
  /** Gives the disk back what is free. */
  shrink(): Awaitable<void>
}

export interface Survey {
  readonly firstDay: number | undefined
  readonly bytesUsed: number
}

/** A row of a tag's past. */
export interface LateTime {
  readonly tag: number
  readonly kind: Kind
  readonly time: Micros
}

/** What is sealed around a time, asked when rows come late. Answers at once and never throws: what cannot be read is not there. */
export interface SealedLookup {
  /** What is sealed from `time` until before `until`: the rows of one chunk, or nothing. */
  around(tag: number, time: Micros): { rows: Rows; until: Micros }
  /** The array sample at exactly a time. A damaged one counts as having no value. */
  arrayAt(tag: number, time: Micros): { quality: Quality; value: ArrayValue | undefined } | undefined
  /** Fetches what will be asked for, and what then will be instead when the shelf changes meanwhile; absent where asking is quick anyway. */
  prefetch?(wanted: () => readonly LateTime[]): Promise<void>
  /** Called when the shelf has changed. */
  forget(): void
}
