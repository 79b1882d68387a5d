// Counts rows and summaries of one tag, given in ascending order of time, into buckets.
import type { TagPath } from '#core/path.ts'
import { isBad } from '#core/quality.ts'
import type { BucketColumns } from '#core/store.ts'
import type { Micros } from '#core/time.ts'
import { lowerBound, type Rows } from '#store/chunk/rows.ts'
import { column, summaryWidth } from './summary.ts'

const names = ['time', 'count', 'min', 'max', 'sum', 'mean', 'std', 'timeMean', 'first', 'last'] as const
const width = names.length
const firstCapacity = 64

export class BucketFiller {
  readonly #edges: Float64Array
  #bucket = 0
  #start: number
  #end: number
  #count = 0
  /** The first value of the bucket; sums are kept relative to it, which keeps their digits. */
  #origin = 0
  #shifted = 0
  #squares = 0
  #min = Infinity
  #max = -Infinity
  #last = Number.NaN
  #integral = 0
  #held = 0
  /** The value that holds since `#since`; NaN: none. */
  #hold = Number.NaN
  #since = 0
  #filled = new Float64Array(firstCapacity * width)
  #size = 0

  constructor(edges: Float64Array) {
    this.#edges = edges
    this.#start = edges[0] as number
    this.#end = edges[1] as number
  }

  /** The value, if any, that holds from before the first bucket on. Call it first. */
  begin(hold: number): void {
    this.#hold = hold
    this.#since = this.#start
  }

  addRows({ count, time, value, quality }: Rows): void {
    for (let row = 0; row < count; row++) {
      const at = time[row] as number
      const x = value[row] as number
      if (at >= this.#end) this.#moveTo(at)
      this.#holdUntil(at)
      // A NaN is unequal to itself.
      if (x !== x || isBad(quality[row] as number)) {
        this.#hold = Number.NaN
        continue
      }
      if (this.#count === 0) this.#origin = x
      this.#count++
      const difference = x - this.#origin
      this.#shifted += difference
      this.#squares += difference * difference
      if (x < this.#min) this.#min = x
      if (x > this.#max) this.#max = x
      this.#hold = this.#last = x
    }
  }

  /** Whether the period start ≤ time < end lies within one bucket. Not for times before ones that were added. */
  isWithinOne(start: Micros, end: Micros): boolean {
    if (start < this.#start) return false
    return end <= (this.#edges[this.#find(start) + 1] as number)
  }

  /** How many buckets begin in from < time < to, but not at whole grains. */
  edgesOff(grain: number, from: Micros, to: Micros): number {
    let count = 0
    for (let edge = lowerBound(this.#edges, this.#edges.length, from); (this.#edges[edge] ?? Infinity) < to; edge++)
      if (this.#edges[edge] !== from && (this.#edges[edge] as number) % grain !== 0) count++
    return count
  }

  /** Adds a summary; all of it counts in the bucket in which it begins. */
  addSummary(table: Float64Array, row: number): void {
    const at = row * summaryWidth
    const get = (name: number) => table[at + name] as number
    const first = get(column.firstTime)
    if (first >= this.#end) this.#moveTo(first)
    this.#holdUntil(first)
    this.#integral += get(column.integral)
    this.#held += get(column.held)
    this.#hold = get(column.hold)
    this.#since = get(column.lastTime)
    const count = get(column.count)
    if (count === 0) return
    if (this.#count === 0) this.#origin = get(column.first)
    const shifted = get(column.sum) - count * this.#origin
    this.#count += count
    this.#shifted += shifted
    this.#squares += (get(column.squares) + shifted * shifted) / count
    this.#min = Math.min(this.#min, get(column.min))
    this.#max = Math.max(this.#max, get(column.max))
    this.#last = get(column.last)
  }

  /** `newest` is the time of the tag's newest sample: no value holds beyond it. */
  finish(tag: TagPath, newest: Micros): BucketColumns {
    this.#holdUntil(Math.max(this.#since, Math.min(this.#end, newest)))
    this.#flush()
    const size = this.#size
    // One piece of memory for all columns: it crosses threads ten times as fast as ten.
    const memory = new Float64Array(size * width)
    const columns = names.map((_, index) => {
      const values = memory.subarray(index * size, (index + 1) * size)
      for (let row = 0; row < size; row++) values[row] = this.#filled[row * width + index] as number
      return values
    })
    return { tag, ...Object.fromEntries(names.map((name, index) => [name, columns[index]])) } as unknown as BucketColumns
  }

  #holdUntil(time: Micros): void {
    const hold = this.#hold
    if (hold === hold && time > this.#since) {
      const duration = time - this.#since
      this.#integral += hold * duration
      this.#held += duration
    }
    this.#since = time
  }

  #moveTo(time: Micros): void {
    this.#holdUntil(this.#end)
    this.#flush()
    this.#bucket = this.#find(time)
    this.#start = this.#edges[this.#bucket] as number
    this.#since = Math.max(this.#since, this.#start)
    this.#end = this.#edges[this.#bucket + 1] as number
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
    const count = this.#count
    if (count > 0) {
      if ((this.#size + 1) * width > this.#filled.length) this.#grow()
      const mean = this.#origin + this.#shifted / count
      const deviations = this.#squares - (this.#shifted * this.#shifted) / count
      // Squares of huge values are beyond all numbers.
      const variance = Number.isNaN(deviations) ? Infinity : Math.max(0, deviations) / count
      const timeMean = this.#held > 0 ? this.#integral / this.#held : mean
      this.#filled.set(
        [
          this.#start,
          count,
          this.#min,
          this.#max,
          this.#origin * count + this.#shifted,
          mean,
          Math.sqrt(variance),
          timeMean,
          this.#origin,
          this.#last,
        ],
        this.#size * width,
      )
      this.#size++
    }
    this.#count = this.#shifted = this.#squares = this.#integral = this.#held = 0
    this.#min = Infinity
    this.#max = -Infinity
  }

  #grow(): void {
    const grown = new Float64Array(this.#filled.length * 2)
    grown.set(this.#filled)
    this.#filled = grown
  }
}

/** No buckets. */
export function emptyBuckets(tag: TagPath): BucketColumns {
  return new BucketFiller(Float64Array.of(0, 0)).finish(tag, -Infinity)
}
