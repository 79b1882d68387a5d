// Averaging of one tag over N samples or T seconds: count, mean and spread in one pass (Welford 1962).
import { isBad, qualities, type Quality } from '#core/quality.ts'
import { secondUs, type Micros } from '#core/time.ts'
import type { Average } from '#core/tag.ts'

export interface WindowResult {
  /** Source time of the window's last sample. */
  readonly time: Micros
  readonly mean: number
  readonly min: number
  readonly max: number
  /** Population standard deviation. */
  readonly std: number
  /** Good only when every sample was; uncertain when some were not; bad, without values, when all were bad. */
  readonly quality: Quality
}

export class Window {
  #samples: number
  #lengthUs: number
  #start = 0
  #time = 0
  #count = 0
  #bad = 0
  #uncertain = 0
  #lastBad: Quality = qualities.bad.code
  #mean = 0
  #squares = 0
  #min = 0
  #max = 0

  constructor(average: Average) {
    this.#samples = average.samples ?? Infinity
    this.#lengthUs = (average.seconds ?? Infinity) * secondUs
  }

  /** Adds a sample; returns the window before it when that is over by time, or with it when it is full. */
  add(time: Micros, value: number, quality: Quality): WindowResult | undefined {
    const over = this.closeBefore(time)
    if (this.#total === 0) this.#start = time
    this.#time = time
    if (isBad(quality) || Number.isNaN(value)) {
      this.#bad += 1
      this.#lastBad = quality
    } else {
      if (quality !== 0) this.#uncertain += 1
      this.#count += 1
      const delta = value - this.#mean
      this.#mean += delta / this.#count
      this.#squares += delta * (value - this.#mean)
      this.#min = this.#count === 1 ? value : Math.min(this.#min, value)
      this.#max = this.#count === 1 ? value : Math.max(this.#max, value)
    }
    return over ?? (this.#total >= this.#samples ? this.#close() : undefined)
  }

  /** Closes the window when `time`, by the source's clock, lies beyond its length, or as far before it: the clock was set back. */
  closeBefore(time: Micros): WindowResult | undefined {
    return this.#total > 0 && Math.abs(time - this.#start) >= this.#lengthUs ? this.#close() : undefined
  }

  get #total(): number {
    return this.#count + this.#bad
  }

  #close(): WindowResult {
    const empty = this.#count === 0
    const quality = empty
      ? this.#lastBad
      : this.#bad > 0
        ? qualities.uncertainSubNormal.code
        : this.#uncertain > 0
          ? qualities.uncertain.code
          : 0
    const result: WindowResult = {
      time: this.#time,
      mean: empty ? Number.NaN : this.#mean,
      min: empty ? Number.NaN : this.#min,
      max: empty ? Number.NaN : this.#max,
      std: empty ? Number.NaN : Math.sqrt(this.#squares / this.#count),
      quality,
    }
    this.#count = this.#bad = this.#uncertain = 0
    this.#mean = this.#squares = 0
    return result
  }
}
