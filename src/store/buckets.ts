// Time buckets: where they begin, and how rows and whole chunks are counted into them, in ascending order of time.
import { Rejected } from '#core/errors.ts'
import type { TagPath } from '#core/path.ts'
import { isBad } from '#core/quality.ts'
import type { BucketColumns } from '#core/store.ts'
import type { Micros } from '#core/time.ts'
import type { ChunkStatistics } from '#store/chunk/chunk-statistics.ts'
import type { Rows } from '#store/chunk/rows.ts'

/** Most buckets one question may ask for. */
export const bucketCountMax = 100_000

/** First microsecond of each bucket, and the end of the last: `buckets` + 1 times. Throws `Rejected` for an impossible count. */
export function bucketEdges(from: Micros, to: Micros, buckets: number): Float64Array {
  if (!Number.isInteger(buckets) || buckets < 1 || buckets > bucketCountMax)
    throw new Rejected(`${buckets} buckets were asked for; ask for 1 to ${bucketCountMax}`)
  const width = Math.max(0, to - from) / buckets
  const edges = new Float64Array(buckets + 1)
  for (let bucket = 0; bucket < buckets; bucket++) edges[bucket] = Math.ceil(from + bucket * width)
  edges[buckets] = to
  return edges
}

export const emptyBuckets = (tag: TagPath): BucketColumns => ({ tag, time: [], count: [], min: [], max: [], mean: [], last: [] })

/** Fills the buckets of one tag from rows and chunk statistics given oldest first. */
export class BucketFiller {
  #edges: Float64Array
  #bucket = 0
  #count = 0
  #min = Infinity
  #max = -Infinity
  #sum = 0
  #last = Number.NaN
  #result = {
    time: [] as number[],
    count: [] as number[],
    min: [] as number[],
    max: [] as number[],
    mean: [] as number[],
    last: [] as number[],
  }

  constructor(edges: Float64Array) {
    this.#edges = edges
  }

  addRows({ count, time, value, quality }: Rows): void {
    for (let row = 0; row < count; row++) {
      const x = value[row] as number
      if (Number.isNaN(x) || isBad(quality[row] as number)) continue
      this.#moveTo(time[row] as number)
      this.#count++
      this.#sum += x
      if (x < this.#min) this.#min = x
      if (x > this.#max) this.#max = x
      this.#last = x
    }
  }

  /** Whether start … end (inclusive) lies within one bucket. */
  isWithinOne(start: Micros, end: Micros): boolean {
    if (start < (this.#edges[0] as number)) return false
    const bucket = this.#find(start)
    return end < (this.#edges[bucket + 1] as number)
  }

  /** Adds a chunk that lies within one bucket. */
  addChunk(start: Micros, { usable, min, max, sum, last }: ChunkStatistics): void {
    if (usable === 0) return
    this.#moveTo(start)
    this.#count += usable
    this.#sum += sum
    if (min < this.#min) this.#min = min
    if (max > this.#max) this.#max = max
    this.#last = last
  }

  finish(tag: TagPath): BucketColumns {
    this.#flush()
    return { tag, ...this.#result }
  }

  #moveTo(time: Micros): void {
    if (time < (this.#edges[this.#bucket + 1] as number)) return
    this.#flush()
    this.#bucket = this.#find(time)
  }

  /** The bucket of a time at or after the current bucket, by doubling steps and then halving. */
  #find(time: Micros): number {
    let low = this.#bucket
    let step = 1
    while (low + step < this.#edges.length - 1 && (this.#edges[low + step] as number) <= time) {
      low += step
      step *= 2
    }
    let high = Math.min(low + step, this.#edges.length - 1)
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if ((this.#edges[middle] as number) <= time) low = middle
      else high = middle
    }
    return low
  }

  #flush(): void {
    if (this.#count > 0) {
      this.#result.time.push(this.#edges[this.#bucket] as number)
      this.#result.count.push(this.#count)
      this.#result.min.push(this.#min)
      this.#result.max.push(this.#max)
      this.#result.mean.push(this.#sum / this.#count)
      this.#result.last.push(this.#last)
    }
    this.#count = 0
    this.#min = Infinity
    this.#max = -Infinity
    this.#sum = 0
    this.#last = Number.NaN
  }
}
