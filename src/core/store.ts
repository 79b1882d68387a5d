// The contract of a telemetry store. Promises: docs/specs/store.md, checked by test/contracts/store.ts on every implementation.
import type { ArrayStatistics, ArrayValue } from './array.ts'
import type { Batch, Sample } from './batch.ts'
import type { TagPath } from './path.ts'
import type { Quality } from './quality.ts'
import type { Kind } from './tag.ts'
import type { Micros } from './time.ts'

/** Who sent a batch: an outbox (its random identity) and the batch's number in it, counted from 1 without holes. */
export interface Origin {
  readonly source: string
  readonly sequence: number
}

export interface Delivery {
  readonly batch: Batch
  /** Absent for data that no outbox numbers (posts, imports): rows alone make it idempotent. */
  readonly origin?: Origin | undefined
  /** The batch as the checked frame that it came in, which saves a store from writing it as one. */
  readonly frame?: Uint8Array | undefined
}

export interface AppendResult {
  /** Rows that were new, or replaced another value at the same tag and time. */
  readonly stored: number
  /** Rows that were there already, value and quality alike; all rows, when the origin was seen before. */
  readonly duplicates: number
  /** How many of `stored` replaced another value (last write wins). */
  readonly replaced: number
  /** Rows older than what retention keeps of their tag: they are not kept. */
  readonly expired: number
}

/** Samples of one tag as columns, ascending in time, times unique. */
export interface SampleColumns {
  readonly time: Float64Array
  /** As in `Batch`: number, 0/1, or index into `texts`; NaN without a value. For arrays: NaN, see `arrays`. */
  readonly value: Float64Array
  readonly quality: Uint8Array
  /** Values of a text tag, empty for others. */
  readonly texts: readonly string[]
}

/**
 * Buckets of one numeric or boolean tag as columns of one length; empty buckets are left out. Only rows with a value and no bad quality count.
 */
export interface BucketColumns {
  readonly tag: TagPath
  /** Start of each bucket. */
  readonly time: Float64Array
  readonly count: Float64Array
  readonly min: Float64Array
  readonly max: Float64Array
  readonly sum: Float64Array
  readonly mean: Float64Array
  /** Population standard deviation. */
  readonly std: Float64Array
  /**
   * Mean over time: each value holds until the tag's next sample of whatever quality, the one before the bucket too; nothing holds longer than
   * until the tag's newest sample. The plain mean where nothing holds.
   */
  readonly timeMean: Float64Array
  readonly first: Float64Array
  /** The newest value in the bucket. */
  readonly last: Float64Array
}

export interface ArrayFrameSummary extends Pick<ArrayStatistics, 'min' | 'max' | 'mean' | 'std'> {
  readonly time: Micros
  readonly quality: Quality
}

export interface ArrayFrame extends ArrayValue {
  readonly time: Micros
  readonly quality: Quality
}

export interface StoredTag {
  readonly path: TagPath
  readonly kind: Kind
}

export interface StoreStatistics {
  readonly tags: number
  /** Samples kept, of all kinds. */
  readonly samples: number
  readonly bytesOnDisk: number
  /** Since the store was opened: rows that replaced another value at their tag and time. */
  readonly replaced: number
  /** Since the store was opened: rows that came too late for what retention keeps. */
  readonly expired: number
}

export interface Store {
  /** Opens and recovers. Throws `ConfigError` when the place cannot be used. */
  open(): Promise<void>
  /** Makes everything durable and closes. */
  close(): Promise<void>
  /**
   * Adds deliveries in order and resolves once all are durable, with one result each. All or nothing. The caller has checked the rows (ingest).
   * A delivery whose origin is not beyond the source's newest sequence is a repetition and changes nothing. A row that is there already changes
   * nothing; a row with another value or quality at the same tag and time replaces it.
   * Throws `RetryLater` when the disk is full; nothing of the deliveries is kept then.
   */
  append(deliveries: readonly Delivery[]): Promise<AppendResult[]>
  tag(path: TagPath): StoredTag | undefined
  tags(): Iterable<StoredTag>
  /** The sample with the newest source time, from memory. An array tag's value is the array itself. */
  latest(path: TagPath): Sample | undefined
  /** Up to `limit` samples with from ≤ time < to, oldest first. An unknown tag has none. */
  read(path: TagPath, from: Micros, to: Micros, limit: number): Promise<SampleColumns>
  /** The newest `limit` samples with time < `before`, oldest first. */
  readBack(path: TagPath, before: Micros, limit: number): Promise<SampleColumns>
  /**
   * Buckets edges[i] ≤ time < edges[i + 1] per tag, for ascending edges (`equalEdges`, `calendarEdges`); unknown, text and array tags give
   * empty columns. Throws `Rejected` for impossible edges.
   */
  buckets(paths: readonly TagPath[], edges: Float64Array): Promise<BucketColumns[]>
  /** Up to `limit` array samples with from ≤ time < to, oldest first, with their statistics. */
  arrays(path: TagPath, from: Micros, to: Micros, limit: number): Promise<ArrayFrameSummary[]>
  /** The newest array sample at or before `time`. */
  arrayAt(path: TagPath, time: Micros): Promise<ArrayFrame | undefined>
  /**
   * Deletes the samples of a tag with from ≤ time < to, with what was rolled up of them; without a range the tag itself too. Resolves durably,
   * with how many samples went. Appends wait meanwhile; the disk has the space again soon after.
   */
  remove(path: TagPath, range?: { readonly from: Micros; readonly to: Micros }): Promise<number>
  statistics(): StoreStatistics
}
