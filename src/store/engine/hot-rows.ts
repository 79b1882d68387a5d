// The newest rows of one tag, in memory until they are sealed: growing columns, ascending in time.
import type { Quality } from '#core/quality.ts'
import type { Micros } from '#core/time.ts'
import { lowerBound, noRows, type Rows } from '#store/chunk/rows.ts'

const firstCapacity = 16
/** How many there were: each grows at row counts of its own, since tags that are read together would all grow at once. */
let made = 0

/** A row that is not newer than the newest; its value is an index into the texts of its hot rows, for a text tag. */
export interface LateRow {
  readonly time: Micros
  value: number
  quality: Quality
}

interface Columns {
  readonly time: Float64Array
  readonly value: Float64Array
  readonly quality: Uint8Array
}

export class HotRows implements Rows {
  count = 0
  time = noRows.time
  value = noRows.value
  quality = noRows.quality
  readonly texts: string[] = []
  #textIndex: Map<string, number> | undefined

  /** Adds a row that is newer than all others. */
  push(time: Micros, value: number, quality: Quality): void {
    const row = this.count
    if (row === this.time.length) this.#grow(row + 1)
    this.time[row] = time
    this.value[row] = value
    this.quality[row] = quality
    this.count = row + 1
  }

  /**
   * Adds the rows order[start] … order[end - 1] of columns as long as each is newer than the one before it, the first than `latest`; returns how
   * many were added. There must be room.
   */
  pushRun({ time, value, quality }: Columns, order: Uint32Array, start: number, end: number, latest: Micros): number {
    const { time: times, value: values, quality: qualities } = this
    let count = this.count
    for (let at = start; at < end; at++) {
      const row = order[at] as number
      const rowTime = time[row] as number
      if (!(rowTime > latest)) {
        end = at
        break
      }
      latest = rowTime
      times[count] = rowTime
      values[count] = value[row] as number
      qualities[count] = quality[row] as number
      count++
    }
    this.count = count
    return end - start
  }

  /** Makes room for so many rows more. */
  reserve(rows: number): void {
    this.#grow(this.count + rows)
  }

  /** The index under which a text is kept here. */
  textIndex(text: string): number {
    this.#textIndex ??= new Map()
    let index = this.#textIndex.get(text)
    if (index === undefined) this.#textIndex.set(text, (index = this.texts.push(text) - 1))
    return index
  }

  /** The same for a text that may not be here: -1 then. */
  knownTextIndex(text: string): number {
    return this.#textIndex?.get(text) ?? -1
  }

  replace(row: number, value: number, quality: Quality): void {
    this.value[row] = value
    this.quality[row] = quality
  }

  /** Adds rows at times that are not here yet, ascending in time. Moves each block of older rows once. */
  insert(rows: readonly LateRow[]): void {
    let end = this.count
    this.#grow(end + rows.length)
    this.count = end + rows.length
    for (let left = rows.length; left > 0; left--) {
      const { time, value, quality } = rows[left - 1] as LateRow
      const at = lowerBound(this.time, end, time)
      this.time.copyWithin(at + left, at, end)
      this.value.copyWithin(at + left, at, end)
      this.quality.copyWithin(at + left, at, end)
      this.time[at + left - 1] = time
      this.value[at + left - 1] = value
      this.quality[at + left - 1] = quality
      end = at
    }
  }

  /** Forgets all rows and keeps their memory, unless that has become much more than they needed. */
  clear(): void {
    if (this.time.length > firstCapacity && this.count < this.time.length / 4) {
      this.time = noRows.time
      this.value = noRows.value
      this.quality = noRows.quality
    }
    this.count = 0
    this.texts.length = 0
    this.#textIndex = undefined
  }

  #grow(needed: number): void {
    if (needed <= this.time.length) return
    const capacity = Math.max(needed, this.time.length * 2, firstCapacity + (made++ % firstCapacity))
    const [time, value, quality] = [new Float64Array(capacity), new Float64Array(capacity), new Uint8Array(capacity)]
    time.set(this.time)
    value.set(this.value)
    quality.set(this.quality)
    this.time = time
    this.value = value
    this.quality = quality
  }
}

/** The row at exactly `time`, or -1. */
export function rowAt({ time, count }: Rows, wanted: Micros): number {
  const row = lowerBound(time, count, wanted)
  return row < count && time[row] === wanted ? row : -1
}
