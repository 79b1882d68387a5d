// Samples of one tag as columns, ascending in time: the form in which stores hold, merge and hand out history.
import type { SampleColumns } from '#core/store.ts'
import type { Micros } from '#core/time.ts'

/** As `SampleColumns`, but the typed arrays may be longer than `count`. */
export interface Rows extends SampleColumns {
  readonly count: number
}

export const noRows: Rows = { count: 0, time: new Float64Array(0), value: new Float64Array(0), quality: new Uint8Array(0), texts: [] }

/** Index of the first row at or after `wanted`; `count` when there is none. */
export function lowerBound(time: Float64Array, count: number, wanted: Micros): number {
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >> 1
    if ((time[middle] as number) < wanted) low = middle + 1
    else high = middle
  }
  return low
}

/** Rows start ≤ index < end, as views. */
export function sliceRows({ time, value, quality, texts }: Rows, start: number, end: number): Rows {
  return {
    count: end - start,
    time: time.subarray(start, end),
    value: value.subarray(start, end),
    quality: quality.subarray(start, end),
    texts,
  }
}

/** Rows with from ≤ time < to, as views. */
export function rowsBetween(rows: Rows, from: Micros, to: Micros): Rows {
  if (rows.count === 0 || (rows.time[0] as number) >= to || (rows.time[rows.count - 1] as number) < from) return noRows
  const start = lowerBound(rows.time, rows.count, from)
  return sliceRows(rows, start, Math.max(start, lowerBound(rows.time, rows.count, to)))
}

/** Both parts merged; where they meet at the same time, the newer part wins. */
export function overlay(older: Rows, newer: Rows): Rows {
  if (older.count === 0) return newer
  if (newer.count === 0) return older
  if ((older.time[older.count - 1] as number) < (newer.time[0] as number)) return joinRows([older, newer])
  if ((newer.time[newer.count - 1] as number) < (older.time[0] as number)) return joinRows([newer, older])
  const capacity = older.count + newer.count
  const merged = emptyRows(capacity, newer.texts.length > 0 ? [...older.texts, ...newer.texts] : older.texts)
  const shift = older.texts.length
  let at = 0
  let left = 0
  let right = 0
  while (left < older.count || right < newer.count) {
    const leftTime = left < older.count ? (older.time[left] as number) : Infinity
    const rightTime = right < newer.count ? (newer.time[right] as number) : Infinity
    const fromNewer = rightTime <= leftTime
    const source = fromNewer ? newer : older
    const index = fromNewer ? right : left
    merged.time[at] = fromNewer ? rightTime : leftTime
    const x = source.value[index] as number
    // Not for numbers: -0 + 0 is 0.
    merged.value[at] = fromNewer && newer.texts.length > 0 ? x + shift : x
    merged.quality[at] = source.quality[index] as number
    at++
    if (leftTime <= rightTime) left++
    if (fromNewer) right++
  }
  return sliceRows(merged, 0, at)
}

/** The parts one after another, each wholly after the one before, in memory of their own. */
export function joinRows(parts: readonly Rows[]): Rows {
  const count = parts.reduce((sum, part) => sum + part.count, 0)
  const texts: string[] = []
  const joined = emptyRows(count, texts)
  let at = 0
  for (const part of parts) {
    const end = at + part.count
    joined.time.set(part.time.subarray(0, part.count), at)
    joined.value.set(part.value.subarray(0, part.count), at)
    joined.quality.set(part.quality.subarray(0, part.count), at)
    if (part.texts.length > 0) {
      if (texts.length > 0) for (let row = at; row < end; row++) joined.value[row] = (joined.value[row] as number) + texts.length
      for (const text of part.texts) texts.push(text)
    }
    at = end
  }
  return joined
}

/** The same rows with a dictionary of only the texts that they use, each once. */
export function compactTexts(rows: Rows): Rows {
  if (rows.texts.length === 0) return rows
  const texts: string[] = []
  const indexOf = new Map<string, number>()
  const value = rows.value.slice(0, rows.count)
  for (let row = 0; row < rows.count; row++) {
    const text = rows.texts[value[row] as number]
    if (text === undefined) continue
    let index = indexOf.get(text)
    if (index === undefined) indexOf.set(text, (index = texts.push(text) - 1))
    value[row] = index
  }
  return { ...rows, value, texts }
}

function emptyRows(count: number, texts: readonly string[]): Rows {
  return { count, time: new Float64Array(count), value: new Float64Array(count), quality: new Uint8Array(count), texts }
}
