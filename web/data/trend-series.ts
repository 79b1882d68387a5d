// Buckets as a chart needs them: one time axis for all lines, and holes where data is missing. Pure.
import type { Buckets } from '#api/buckets/schema.ts'

/** Columns of one tag, ascending in time (milliseconds). */
export interface TrendSeries {
  readonly tag: string
  readonly time: number[]
  readonly min: number[]
  readonly max: number[]
  readonly mean: number[]
}

export const toSeries = (buckets: Buckets): TrendSeries[] =>
  buckets.map(({ tag, time, min, max, mean }) => ({ tag, time: time.map((text) => Date.parse(text)), min, max, mean }))

/** How often the usual distance between points may be exceeded before it is a gap. */
const gapFactor = 3

/**
 * The distance in milliseconds beyond which two points are not joined: three times what is usual (the 90th percentile, so that
 * values recorded on change only do not fall apart), and at least two and a half buckets.
 */
export function gapAfterMs(time: readonly number[], bucketMs: number): number {
  const distances = time
    .slice(1)
    .map((at, index) => at - (time[index] as number))
    .toSorted((a, b) => a - b)
  const usual = distances[Math.floor((distances.length - 1) * 0.9)] ?? 0
  return Math.max(usual * gapFactor, bucketMs * 2.5)
}

export interface TrendColumns {
  /** Seconds, as uPlot counts. */
  readonly x: number[]
  /** Per series: null is a hole in the line, undefined means that another series has a point here. */
  readonly mean: (number | null | undefined)[][]
  readonly min: (number | null | undefined)[][]
  readonly max: (number | null | undefined)[][]
}

/** Lays series over one common time axis; gaps become nulls. */
export function alignSeries(series: readonly TrendSeries[], bucketMs: number): TrendColumns {
  const holes = series.map(({ time }) => holesOf(time, gapAfterMs(time, bucketMs)))
  const times = [...new Set([...series.flatMap(({ time }) => time), ...holes.flat()])].toSorted((a, b) => a - b)
  const rowOf = new Map(times.map((time, row) => [time, row]))
  const column = (index: number, values: readonly number[]) => {
    const filled: (number | null | undefined)[] = Array.from({ length: times.length })
    for (const time of holes[index] ?? []) filled[rowOf.get(time) as number] = null
    series[index]?.time.forEach((time, at) => {
      filled[rowOf.get(time) as number] = values[at]
    })
    return filled
  }
  return {
    x: times.map((time) => time / 1000),
    mean: series.map(({ mean }, index) => column(index, mean)),
    min: series.map(({ min }, index) => column(index, min)),
    max: series.map(({ max }, index) => column(index, max)),
  }
}

/** A time inside each gap. */
function holesOf(time: readonly number[], gapMs: number): number[] {
  const holes: number[] = []
  for (let at = 1; at < time.length; at++) {
    const before = time[at - 1] as number
    if ((time[at] as number) - before > gapMs) holes.push(before + gapMs / 2)
  }
  return holes
}

/** Adds a live point and lets go of what is older than `keepFromMs`; changes the series. Returns whether it was new. */
export function appendPoint(series: TrendSeries, timeMs: number, value: number, keepFromMs: number): boolean {
  if (timeMs <= (series.time.at(-1) ?? -Infinity)) return false
  series.time.push(timeMs)
  for (const column of [series.min, series.max, series.mean]) column.push(value)
  const old = series.time.findIndex((time) => time >= keepFromMs)
  if (old > 100) for (const column of [series.time, series.min, series.max, series.mean]) column.splice(0, old)
  return true
}
