// A sink that keeps what a driver gives it, and notes whatever breaks the sink's contract in `violations`.
import { arrayFault, type ArrayValue } from '#core/array.ts'
import { textLengthMax, type Value } from '#core/batch.ts'
import type { Point, Sink } from '#core/driver.ts'
import { isBad, type Quality } from '#core/quality.ts'
import type { Kind } from '#core/tag.ts'
import type { Micros } from '#core/time.ts'

export interface RecordedSample {
  readonly point: number
  readonly time: Micros
  readonly value: Value
  readonly quality: Quality
}

export interface RecordedFault {
  readonly point: number
  readonly quality: Quality
  readonly reason: string
}

export class RecordingSink implements Sink {
  readonly samples: RecordedSample[] = []
  readonly faults: RecordedFault[] = []
  readonly violations: string[] = []
  /** How often `durable` was asked for; a test may replace `whenDurable` to hold a driver back. */
  durableCount = 0
  whenDurable: () => Promise<void> = () => Promise.resolve()
  #points: readonly Pick<Point, 'definition'>[]
  #closed = false

  constructor(points: readonly Pick<Point, 'definition'>[]) {
    this.#points = points
  }

  sample(point: number, time: Micros, value: number, quality: Quality): void {
    const kind = this.#keep(point, ['number', 'boolean'], time, quality)
    if (Number.isNaN(value) && !isBad(quality)) this.violations.push(`point ${point}: NaN with quality ${quality}`)
    if (!Number.isFinite(value) && !Number.isNaN(value)) this.violations.push(`point ${point}: ${value} is not finite`)
    if (kind === 'boolean' && value !== 0 && value !== 1 && !Number.isNaN(value)) this.violations.push(`point ${point}: boolean ${value}`)
    this.samples.push({ point, time, value: Number.isNaN(value) ? null : kind === 'boolean' ? value !== 0 : value, quality })
  }

  text(point: number, time: Micros, text: string, quality: Quality): void {
    this.#keep(point, ['text'], time, quality)
    if (text.length > textLengthMax) this.violations.push(`point ${point}: a text of ${text.length} characters`)
    this.samples.push({ point, time, value: text, quality })
  }

  array(point: number, time: Micros, array: ArrayValue, quality: Quality): void {
    this.#keep(point, ['array'], time, quality)
    const fault = arrayFault(array)
    if (fault) this.violations.push(`point ${point}: ${fault}`)
    this.samples.push({ point, time, value: array, quality })
  }

  fault(point: number, quality: Quality, reason: string): void {
    if (this.#closed) this.violations.push(`point ${point}: a fault after close`)
    if (!isBad(quality)) this.violations.push(`point ${point}: a fault with quality ${quality}`)
    if (reason.trim() === '') this.violations.push(`point ${point}: a fault without a reason`)
    this.faults.push({ point, quality, reason })
  }

  durable(): Promise<void> {
    this.durableCount++
    return this.whenDurable()
  }

  /** From here on, whatever still arrives is a violation. */
  expectNothingMore(): void {
    this.#closed = true
  }

  of(point: number): RecordedSample[] {
    return this.samples.filter((sample) => sample.point === point)
  }

  latest(point: number): RecordedSample | undefined {
    return this.samples.findLast((sample) => sample.point === point)
  }

  latestFault(point: number): RecordedFault | undefined {
    return this.faults.findLast((fault) => fault.point === point)
  }

  /** Forgets samples and faults, so that a test sees only what comes next. */
  clear(): void {
    this.samples.length = 0
    this.faults.length = 0
  }

  #keep(point: number, allowed: readonly Kind[], time: Micros, quality: Quality): Kind {
    const kind = this.#points[point]?.definition.kind ?? 'number'
    if (this.#closed) this.violations.push(`point ${point}: a sample after close`)
    if (!this.#points[point]) this.violations.push(`point ${point} does not exist`)
    else if (!allowed.includes(kind)) this.violations.push(`point ${point} is of kind ${kind}, the sample is ${allowed.join(' or ')}`)
    if (!Number.isSafeInteger(time) || time < 0) this.violations.push(`point ${point}: the time ${time} is no whole number of microseconds`)
    if (!Number.isInteger(quality) || quality < 0 || quality > 255)
      this.violations.push(`point ${point}: the quality ${quality} is no byte`)
    return kind
  }
}
