// What samples over time and series side by side are summed up with.

/** By linear interpolation; beyond 0 … 1 it is infinite. `sorted` ascends. */
export function quantileOfSorted(sorted: Float64Array, q: number): number {
  if (sorted.length === 0 || Number.isNaN(q)) return Number.NaN
  if (q < 0) return -Infinity
  if (q > 1) return Infinity
  const rank = q * (sorted.length - 1)
  const below = Math.floor(rank)
  const above = Math.min(sorted.length - 1, below + 1)
  const weight = rank - below
  return (sorted[below] as number) * (1 - weight) + (sorted[above] as number) * weight
}

/** What the first `count` of `values` sum up to. There is at least one. */
type SumUp = (values: Float64Array, count: number, parameter: number) => number

export const aggregations = {
  sum,
  avg: (values, count) => sum(values, count) / count,
  min: (values, count) => extreme(values, count, (a, b) => a < b),
  max: (values, count) => extreme(values, count, (a, b) => a > b),
  count: (_, count) => count,
  group: () => 1,
  stdvar: variance,
  stddev: (values, count) => Math.sqrt(variance(values, count)),
  quantile: (values, count, q) => quantileOfSorted(nanFirst(values.subarray(0, count)), q),
} satisfies Record<string, SumUp>

function sum(values: Float64Array, count: number): number {
  let sum = 0
  for (let index = 0; index < count; index++) sum += values[index] as number
  return sum
}

/** NaN only when there is nothing else. */
function extreme(values: Float64Array, count: number, better: (a: number, b: number) => boolean): number {
  let best = values[0] as number
  for (let index = 1; index < count; index++) {
    const value = values[index] as number
    if (better(value, best) || Number.isNaN(best)) best = value
  }
  return best
}

/** Of the population (Welford). */
function variance(values: Float64Array, count: number): number {
  let [mean, squares] = [0, 0]
  for (let index = 0; index < count; index++) {
    const value = values[index] as number
    const delta = value - mean
    mean += delta / (index + 1)
    squares += delta * (value - mean)
  }
  return squares / count
}

/** Ascending, NaN before all numbers. */
function nanFirst(values: Float64Array): Float64Array {
  const sorted = values.toSorted()
  const nans = sorted.filter(Number.isNaN)
  return nans.length === 0 ? sorted : Float64Array.from([...nans, ...sorted.subarray(0, -nans.length)])
}
