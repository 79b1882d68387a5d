// A summary: what buckets need to know of a tag's samples in one period, in twelve numbers. Summaries of neighbouring periods add up to that of
// both, whatever was in them. Only usable samples count: those with a value and no bad quality.
import { isBad } from '#core/quality.ts'
import type { Rows } from '#store/chunk/rows.ts'

/** Numbers per summary; a table of summaries is a Float64Array of as many rows, one after another. */
export const summaryWidth = 12

/** Where each number of a summary lies. */
export const column = {
  /** Usable samples. */
  count: 0,
  sum: 1,
  /** count · Σ (value − mean)², so that the population variance is this / count². */
  squares: 2,
  min: 3,
  max: 4,
  first: 5,
  last: 6,
  /** Time of the first and last sample of whatever quality. */
  firstTime: 7,
  lastTime: 8,
  /** ∫ value dt in microseconds from firstTime to lastTime, each usable value holding until the next sample. */
  integral: 9,
  /** Microseconds of that range in which a usable value holds. */
  held: 10,
  /** The value that holds from lastTime on, NaN when the last sample is not usable. */
  hold: 11,
} as const

/** Digits that a sum keeps: all that a float64 can carry, without the noise behind them, so that sums of decimals are decimals again. */
const digits = 15

/** Writes the summary of rows start ≤ row < end (at least one) to `table` at row `at`. */
export function summarise({ time, value, quality }: Rows, start: number, end: number, table: Float64Array, at: number): void {
  let count = 0
  let origin = 0
  let shifted = 0
  let squares = 0
  let min = Infinity
  let max = -Infinity
  let first = Number.NaN
  let last = Number.NaN
  let integral = 0
  let held = 0
  let hold = Number.NaN
  let since = time[start] as number
  for (let row = start; row < end; row++) {
    const at = time[row] as number
    const x = value[row] as number
    if (hold === hold) {
      integral += hold * (at - since)
      held += at - since
    }
    since = at
    // A NaN is unequal to itself.
    if (x !== x || isBad(quality[row] as number)) {
      hold = Number.NaN
      continue
    }
    if (count === 0) first = origin = x
    count++
    const difference = x - origin
    shifted += difference
    squares += difference * difference
    if (x < min) min = x
    if (x > max) max = x
    hold = last = x
  }
  const offset = at * summaryWidth
  table[offset + column.count] = count
  table[offset + column.sum] = count === 0 ? 0 : tidy(origin * count + shifted)
  table[offset + column.squares] = tidy(Math.max(0, count * squares - shifted * shifted))
  table[offset + column.min] = min
  table[offset + column.max] = max
  table[offset + column.first] = first
  table[offset + column.last] = last
  table[offset + column.firstTime] = time[start] as number
  table[offset + column.lastTime] = since
  table[offset + column.integral] = tidy(integral)
  table[offset + column.held] = held
  table[offset + column.hold] = hold
}

function tidy(x: number): number {
  return Number.isFinite(x) && !Number.isSafeInteger(x) ? Number(x.toPrecision(digits)) : x
}

/** Adds the summary in row `from` of `source`, which is later in time, to that in row `into` of `table`. */
export function addSummary(table: Float64Array, into: number, source: Float64Array, from: number): void {
  const a = into * summaryWidth
  const b = from * summaryWidth
  const get = (at: number) => source[b + at] as number
  const had = (at: number) => table[a + at] as number
  const [na, nb] = [had(column.count), get(column.count)]
  const gap = get(column.firstTime) - had(column.lastTime)
  const hold = had(column.hold)
  if (hold === hold) {
    table[a + column.integral] = tidy(had(column.integral) + hold * gap)
    table[a + column.held] = had(column.held) + gap
  }
  table[a + column.integral] = tidy(had(column.integral) + get(column.integral))
  table[a + column.held] = had(column.held) + get(column.held)
  table[a + column.hold] = get(column.hold)
  table[a + column.lastTime] = get(column.lastTime)
  if (nb === 0) return
  if (na === 0) {
    for (const at of [column.count, column.sum, column.squares, column.min, column.max, column.first, column.last]) table[a + at] = get(at)
    return
  }
  const [sa, sb] = [had(column.sum), get(column.sum)]
  const between = sb / nb - sa / na
  const n = na + nb
  table[a + column.squares] = tidy(n * (had(column.squares) / na + get(column.squares) / nb + (between * between * na * nb) / n))
  table[a + column.count] = n
  table[a + column.sum] = tidy(sa + sb)
  table[a + column.min] = Math.min(had(column.min), get(column.min))
  table[a + column.max] = Math.max(had(column.max), get(column.max))
  table[a + column.last] = get(column.last)
}
