// Functions over the samples within a window. They see columns and two indexes, never an object per sample.
import type { Micros } from '#core/time.ts'
import { fallsOf, type Window } from '#promql/rows.ts'
import { quantileOfSorted } from '#promql/statistics.ts'

interface WindowFunction {
  /** Fewest samples; with fewer there is no value. */
  readonly least: 1 | 2
  /** `now` is the time of the step, which an offset or @ may have moved the window away from. */
  readonly at: (window: Window, parameter: number, now: Micros) => number
  /** Where the number stands that some take: before or after the range vector. */
  readonly parameter?: 'before' | 'after'
  readonly keepsName?: boolean
}

export const windowFunctions: Record<string, WindowFunction> = {
  rate: { least: 2, at: (window) => extrapolated(window, counted(window)) / seconds(window.to - window.from) },
  increase: { least: 2, at: (window) => extrapolated(window, counted(window)) },
  delta: { least: 2, at: (window) => extrapolated(window, undefined) },
  irate: { least: 2, at: newestRate },
  idelta: { least: 2, at: ({ rows: { value }, end }) => at(value, end - 1) - at(value, end - 2) },
  deriv: { least: 2, at: (window) => trend(window).slope },
  predict_linear: { least: 2, at: predicted, parameter: 'after' },
  avg_over_time: { least: 1, at: (window) => sum(window) / (window.end - window.first) },
  sum_over_time: { least: 1, at: sum },
  min_over_time: { least: 1, at: (window) => extreme(window, Math.min) },
  max_over_time: { least: 1, at: (window) => extreme(window, Math.max) },
  count_over_time: { least: 1, at: ({ first, end }) => end - first },
  last_over_time: { least: 1, at: ({ rows: { value }, end }) => at(value, end - 1), keepsName: true },
  present_over_time: { least: 1, at: () => 1 },
  stdvar_over_time: { least: 1, at: variance },
  stddev_over_time: { least: 1, at: (window) => Math.sqrt(variance(window)) },
  quantile_over_time: {
    least: 1,
    at: ({ rows: { value }, first, end }, q) => quantileOfSorted(value.subarray(first, end).toSorted(), q),
    parameter: 'before',
  },
  changes: { least: 1, at: ({ rows: { value }, first, end }) => countPairs(value, first, end, (before, after) => before !== after) },
  resets: { least: 1, at: ({ rows: { value }, first, end }) => countPairs(value, first, end, (before, after) => after < before) },
}

const at = (column: Float64Array, row: number) => column[row] as number
const seconds = (us: Micros) => us / 1e6

/** By how much a counter rose: a fall is a restart from zero. */
function counted({ rows, first, end }: Window): number {
  const { value } = rows
  let rise = at(value, end - 1) - at(value, first)
  const falls = fallsOf(rows)
  for (let index = firstAbove(falls, first); index < falls.length && (falls[index] as number) < end; index++)
    rise += at(value, (falls[index] as number) - 1)
  return rise
}

/**
 * A change between the first and the last sample carried on to the edges of the window, unless they are far from them. A counter is not carried
 * below zero. The rule is that of Prometheus 2.42; `rise` is a counter's, undefined for a gauge.
 */
function extrapolated({ rows: { time, value }, first, end, from, to }: Window, rise: number | undefined): number {
  const change = rise ?? at(value, end - 1) - at(value, first)
  const sampled = seconds(at(time, end - 1) - at(time, first))
  const between = sampled / (end - first - 1)
  const near = between * 1.1
  let before = seconds(at(time, first) - from)
  const after = seconds(to - at(time, end - 1))
  if (rise !== undefined && rise > 0 && at(value, first) >= 0) before = Math.min(before, sampled * (at(value, first) / rise))
  const whole = sampled + (before < near ? before : between / 2) + (after < near ? after : between / 2)
  return change * (whole / sampled)
}

function newestRate({ rows: { time, value }, end }: Window): number {
  const [before, last] = [at(value, end - 2), at(value, end - 1)]
  return (last < before ? last : last - before) / seconds(at(time, end - 1) - at(time, end - 2))
}

/** Least squares, with time and value counted from the first sample so that digits last. */
function trend({ rows: { time, value }, first, end }: Window) {
  const [startTime, startValue, count] = [at(time, first), at(value, first), end - first]
  let [sumX, sumY, sumXY, sumXX] = [0, 0, 0, 0]
  for (let row = first; row < end; row++) {
    const x = seconds(at(time, row) - startTime)
    const y = at(value, row) - startValue
    sumX += x
    sumY += y
    sumXY += x * y
    sumXX += x * x
  }
  const slope = (sumXY - (sumX * sumY) / count) / (sumXX - (sumX * sumX) / count)
  return { slope, startTime, atStart: startValue + sumY / count - (slope * sumX) / count }
}

function predicted(window: Window, aheadSeconds: number, now: Micros): number {
  const { slope, startTime, atStart } = trend(window)
  return atStart + slope * (seconds(now - startTime) + aheadSeconds)
}

/** With what each addition lost (Neumaier). */
function sum({ rows: { value }, first, end }: Window): number {
  let [sum, lost] = [0, 0]
  for (let row = first; row < end; row++) {
    const x = at(value, row)
    const next = sum + x
    lost += Math.abs(sum) >= Math.abs(x) ? sum - next + x : x - next + sum
    sum = next
  }
  return sum + lost
}

function extreme({ rows: { value }, first, end }: Window, better: (a: number, b: number) => number): number {
  let best = at(value, first)
  for (let row = first + 1; row < end; row++) best = better(best, at(value, row))
  return best
}

/** Of the population (Welford). */
function variance({ rows: { value }, first, end }: Window): number {
  let [mean, squares] = [0, 0]
  for (let row = first; row < end; row++) {
    const delta = at(value, row) - mean
    mean += delta / (row - first + 1)
    squares += delta * (at(value, row) - mean)
  }
  return squares / (end - first)
}

function countPairs(value: Float64Array, first: number, end: number, counts: (before: number, after: number) => boolean): number {
  let count = 0
  for (let row = first + 1; row < end; row++) if (counts(at(value, row - 1), at(value, row))) count++
  return count
}

/** Index of the first entry above a limit, in ascending entries. */
function firstAbove(entries: readonly number[], limit: number): number {
  let [low, high] = [0, entries.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((entries[middle] as number) > limit) high = middle
    else low = middle + 1
  }
  return low
}
