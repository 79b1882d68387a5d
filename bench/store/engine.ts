// What the benchmark asks of a storage engine. Each runs in a process of its own: ours whole, of the others the client.
import type { Batch } from '#core/batch.ts'
import type { Micros } from '#core/time.ts'

export interface Range {
  /** Whole seconds, from ≤ time < to. */
  readonly from: Micros
  readonly to: Micros
}

export interface RawRows {
  readonly time: Float64Array
  readonly value: Float64Array
}

export interface BucketRows {
  readonly min: Float64Array
  readonly max: Float64Array
  readonly mean: Float64Array
}

/** Tags are named by their number; every batch names all of them in order. */
export interface Engine {
  /** Opens or connects; what is there then stays there. */
  open(): Promise<void>
  /** Resolves when the engine has acknowledged the batch: one at a time. */
  append(batch: Batch): Promise<void>
  /** Resolves when nothing goes on in the background any more. */
  settle(): Promise<void>
  /** Of all tags. */
  totals(range: Range): Promise<{ readonly count: number; readonly sum: number }>
  /** The newest value of every tag. */
  latest(range: Range): Promise<Float64Array>
  raw(tag: number, range: Range): Promise<RawRows>
  /** Equal buckets of whole milliseconds; none is empty. */
  buckets(tag: number, range: Range, count: number): Promise<BucketRows>
  /** Of the first `tags` tags, whole hours from `range.from` on: tag after tag. */
  hourlyMeans(tags: number, range: Range): Promise<Float64Array>
  /** The first `tags` tags, a row per sample, its value last. */
  exportCsv(tags: number, range: Range, file: string): Promise<void>
  /** Space of the data itself; when absent, the engine's folder tells. */
  bytesOnDisk?(): Promise<number>
  close(): Promise<void>
}

/** Where an engine is: `folder` for ours, `port` for HTTP servers, `url` for databases. */
export interface Place {
  readonly folder: string
  readonly port: number
  readonly url: string
  readonly tags: number
}

export const bucketWidth = ({ from, to }: Range, count: number) => Math.floor((to - from) / count / 1000) * 1000
export const hoursOf = ({ from, to }: Range) => Math.ceil((to - from) / 3_600_000_000)
