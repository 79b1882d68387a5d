// One connection's way from driver to outbox: check, precision, range, deadband, averaging, array statistics, then rows of a batch.
import { arrayFault, arrayStatisticNames, arrayStatistics, type ArrayValue } from '#core/array.ts'
import { BatchBuilder, textLengthMax, type Batch } from '#core/batch.ts'
import type { Clock } from '#core/clock.ts'
import { RetryLater } from '#core/errors.ts'
import type { Point, Sink } from '#core/driver.ts'
import { frameBytesMax } from '#core/frame.ts'
import { roundingTo } from '#core/precision.ts'
import { isBad, isGood, qualities, type Quality } from '#core/quality.ts'
import { averageStatisticNames, type Kind } from '#core/tag.ts'
import { minuteUs, secondUs, timeFault, type Micros } from '#core/time.ts'
import { Window, type WindowResult } from './window.ts'

/**
 * Most rows and bytes held for a write to the outbox: half of what a frame may have. Beyond it the outbox is written at once, and where it
 * cannot be written new rows are dropped and counted.
 */
const rowsMax = 200_000
const bytesMax = frameBytesMax / 2
/** What a row takes in a frame, and a character at most. */
const rowBytes = 21
const characterBytes = 3
/** A value inside its deadband is recorded all the same after so long, so that silence always means trouble. */
const deadbandSilenceUs = 10 * secondUs

interface Output {
  readonly path: string
  readonly kind: Kind
  /** A derived tag whose name a tag of the machine itself has: that one wins. */
  readonly hidden?: boolean
}

export interface PipelineOptions {
  readonly clock: Clock
  /** Asks for a write to the outbox soon; resolves when the rows so far are durable. */
  readonly flush: () => Promise<void>
  /** Writes the rows so far to the outbox now, if it can be written. */
  readonly makeRoom: () => void
}

export class Pipeline implements Sink {
  /** Rows taken over so far. */
  recorded = 0
  faults = 0
  lastFault: string | null = null
  /** When the newest value came, by the gateway's clock. */
  lastData: Micros | null = null
  /** Rows that found no room since the last `take`. */
  dropped = 0

  #points: readonly Point[]
  #options: PipelineOptions
  #builder = new BatchBuilder()
  #bytes = 0
  /** Rows were dropped after the last call of `durable`. */
  #incomplete = false
  /** The points' own tags first, by point; derived tags behind them. */
  #outputs: Output[]
  #slots: Int32Array
  /** Per point, where its derived tags start in `#outputs`. */
  #derived: Int32Array
  /** Per point that has a precision, what rounds to it. */
  #roundings: (((x: number) => number) | undefined)[]
  #windows: (Window | undefined)[]
  #lastValue: Float64Array
  #lastTime: Float64Array
  /** Per point, how far the source's clock was behind the gateway's at the newest value, in microseconds. */
  #lag: Float64Array
  /** Quality of the newest recorded row per point; 0xff before the first. */
  #lastQuality: Uint8Array

  constructor(points: readonly Point[], options: PipelineOptions) {
    this.#points = points
    this.#options = options
    this.#outputs = points.map(({ tag, definition }) => ({ path: tag, kind: definition.kind }))
    this.#derived = new Int32Array(points.length)
    const own = new Set(points.map(({ tag }) => tag))
    points.forEach(({ tag, definition }, index) => {
      this.#derived[index] = this.#outputs.length
      const names = definition.kind === 'array' ? arrayStatisticNames : definition.average ? averageStatisticNames : []
      for (const name of names) this.#outputs.push({ path: `${tag}.${name}`, kind: 'number', hidden: own.has(`${tag}.${name}`) })
    })
    this.#slots = new Int32Array(this.#outputs.length).fill(-1)
    this.#roundings = points.map(({ definition }) => (definition.precision ? roundingTo(definition.precision) : undefined))
    this.#windows = points.map(({ definition }) => definition.average && new Window(definition.average))
    this.#lastValue = new Float64Array(points.length).fill(Number.NaN)
    this.#lastTime = new Float64Array(points.length).fill(-1)
    this.#lag = new Float64Array(points.length)
    this.#lastQuality = new Uint8Array(points.length).fill(0xff)
  }

  sample(point: number, time: Micros, value: number, quality: Quality): void {
    const { definition } = this.#points[point] as Point
    if (definition.kind !== 'number' && definition.kind !== 'boolean')
      return this.fault(point, qualities.badDecoding.code, `a number came for a tag of kind ${definition.kind}`)
    if (!this.#timely(point, time)) return undefined
    value = this.#rounded(point, value)
    if (Number.isNaN(value)) {
      if (!isBad(quality)) return this.fault(point, qualities.badDecoding.code, 'the value is not a number')
    } else if (!Number.isFinite(value)) return this.fault(point, qualities.badOutOfRange.code, 'the value is infinite')
    else if (definition.kind === 'boolean' && value !== 0 && value !== 1)
      return this.fault(point, qualities.badDecoding.code, `a boolean is 0 or 1, not ${value}`)
    else if (definition.range && isGood(quality) && (value < definition.range[0] || value > definition.range[1]))
      quality = qualities.uncertainRangeExceeded.code

    // Servers that lose their source may send its last time again: the value that was measured then stays.
    if (Number.isNaN(value) && time === this.#lastTime[point] && !Number.isNaN(this.#lastValue[point])) time += 1
    const window = this.#windows[point]
    if (!isBad(quality)) this.#noteArrival(point, time)
    if (window) {
      const result = window.add(time, value, quality)
      if (result) this.#closeWindow(point, result)
    } else if (!this.#insideDeadband(point, time, value, quality)) this.#record(point, time, value, quality)
    return undefined
  }

  text(point: number, time: Micros, text: string, quality: Quality): void {
    const { kind } = (this.#points[point] as Point).definition
    if (kind !== 'text') return this.fault(point, qualities.badDecoding.code, `text came for a tag of kind ${kind}`)
    if (text.length > textLengthMax)
      return this.fault(point, qualities.badOutOfRange.code, `the text has ${text.length} characters; the most is ${textLengthMax}`)
    if (!this.#timely(point, time) || !this.#room(point, 4 + characterBytes * text.length)) return undefined
    if (!isBad(quality)) this.#noteArrival(point, time)
    this.#builder.addText(this.#slot(point), time, text, quality)
    return this.#note(point, time, Number.NaN, quality)
  }

  array(point: number, time: Micros, array: ArrayValue, quality: Quality): void {
    const { kind } = (this.#points[point] as Point).definition
    if (kind !== 'array') return this.fault(point, qualities.badDecoding.code, `an array came for a tag of kind ${kind}`)
    const fault = arrayFault(array)
    if (fault) return this.fault(point, qualities.badDecoding.code, fault)
    const rounding = this.#roundings[point]
    if (rounding) array = { shape: array.shape, data: array.data.map(rounding) }
    if (!this.#timely(point, time) || !this.#room(point, 8 + array.data.byteLength)) return undefined
    if (!isBad(quality)) this.#noteArrival(point, time)
    this.#builder.addArray(this.#slot(point), time, array, quality)
    this.#note(point, time, Number.NaN, quality)
    const statistics = arrayStatistics(array)
    arrayStatisticNames.forEach((name, offset) => this.#add((this.#derived[point] as number) + offset, time, statistics[name], quality))
    return undefined
  }

  fault(point: number, quality: Quality, reason: string): void {
    this.faults += 1
    this.lastFault = `${(this.#points[point] as Point).tag}: ${reason}`
    this.#markBad(point, quality)
  }

  async durable(): Promise<void> {
    if (this.#incomplete) {
      this.#incomplete = false
      throw new RetryLater('there was no room for all values, because the outbox cannot be written')
    }
    await this.#options.flush()
  }

  /** Marks every point bad: the source is known dead. What was being averaged ends here. A point that is bad already stays as it is. */
  allBad(quality: Quality): void {
    this.closeWindows(Infinity)
    for (let point = 0; point < this.#points.length; point++)
      if (!isBad(this.#lastQuality[point] as number) || this.#lastQuality[point] === 0xff) this.#markBad(point, quality)
  }

  /** Closes averaging windows that are over by their source's clock although no further sample came; all of them at Infinity. */
  closeWindows(now: Micros): void {
    this.#windows.forEach((window, point) => {
      const result = window?.closeBefore(now - (this.#lag[point] as number))
      if (result) this.#closeWindow(point, result)
    })
  }

  /** The rows so far, or undefined when there are none. They stay here until `taken` says that they are safe. */
  peek(): Batch | undefined {
    return this.#builder.count > 0 ? this.#builder.build() : undefined
  }

  /** Forgets the rows that `peek` gave; nothing may have been added in between. */
  taken(): void {
    this.#builder.clear()
    this.#slots.fill(-1)
    this.#bytes = 0
  }

  #rounded(point: number, value: number): number {
    return this.#roundings[point]?.(value) ?? value
  }

  #timely(point: number, time: Micros): boolean {
    const fault = timeFault(time, this.#options.clock.now())
    if (fault) this.fault(point, qualities.badClock.code, fault)
    return fault === undefined
  }

  /** A value that is older than its predecessor was buffered on its way and tells nothing about the source's clock. */
  #noteArrival(point: number, time: Micros): void {
    this.lastData = this.#options.clock.now()
    if (this.#isNewest(point, time)) this.#lag[point] = this.lastData - time
  }

  /** Whether the time follows the point's last one, or that lies so far in the future that the clock must have been set back since. */
  #isNewest(point: number, time: Micros): boolean {
    const lastTime = this.#lastTime[point] as number
    return time >= lastTime || lastTime > (this.lastData ?? Infinity) + minuteUs
  }

  #insideDeadband(point: number, time: Micros, value: number, quality: Quality): boolean {
    const { deadband } = (this.#points[point] as Point).definition
    return (
      deadband !== undefined &&
      time >= (this.#lastTime[point] as number) &&
      quality === this.#lastQuality[point] &&
      Math.abs(value - (this.#lastValue[point] as number)) < deadband &&
      time - (this.#lastTime[point] as number) < deadbandSilenceUs
    )
  }

  #closeWindow(point: number, { time, mean, min, max, std, quality }: WindowResult): void {
    this.#record(point, time, this.#rounded(point, mean), quality)
    const at = this.#derived[point] as number
    const values = { min, max, std }
    averageStatisticNames.forEach((name, offset) => this.#add(at + offset, time, values[name], quality))
  }

  /** Records that the point has no value from now on, "now" by the source's own clock, so that its next value is newer. */
  #markBad(point: number, quality: Quality): void {
    if (this.#lastQuality[point] === quality) return
    const time = Math.max(this.#options.clock.now() - (this.#lag[point] as number), (this.#lastTime[point] as number) + 1)
    this.#record(point, time, Number.NaN, quality)
  }

  #record(point: number, time: Micros, value: number, quality: Quality): void {
    if (!this.#room(point)) return
    this.#builder.add(this.#slot(point), time, value, quality)
    this.#note(point, time, value, quality)
  }

  #add(output: number, time: Micros, value: number, quality: Quality): void {
    if (this.#outputs[output]?.hidden || !this.#room(output)) return
    this.#builder.add(this.#slot(output), time, value, quality)
    this.recorded += 1
  }

  #note(point: number, time: Micros, value: number, quality: Quality): void {
    this.recorded += 1
    if (!this.#isNewest(point, time)) return
    this.#lastValue[point] = value
    this.#lastTime[point] = time
    this.#lastQuality[point] = quality
  }

  /** Takes the room for a row of this output with so many bytes beside it; false, and counted, when there is none. */
  #room(output: number, sideBytes = 0): boolean {
    let bytes = this.#fits(output, sideBytes)
    if (bytes === 0) {
      this.#options.makeRoom()
      bytes = this.#fits(output, sideBytes)
    }
    if (bytes === 0) {
      this.dropped += 1
      this.#incomplete = true
    }
    this.#bytes += bytes
    return bytes > 0
  }

  /** The bytes that such a row adds, or 0 when they are too many. */
  #fits(output: number, sideBytes: number): number {
    const isNew = (this.#slots[output] as number) < 0
    const bytes = rowBytes + sideBytes + (isNew ? 3 + characterBytes * (this.#outputs[output] as Output).path.length : 0)
    return this.#builder.count < rowsMax && this.#bytes + bytes <= bytesMax ? bytes : 0
  }

  #slot(output: number): number {
    const slot = this.#slots[output] as number
    if (slot >= 0) return slot
    const { path, kind } = this.#outputs[output] as Output
    return (this.#slots[output] = this.#builder.tagIndex(path, kind))
  }
}
