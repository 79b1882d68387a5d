// What memory holds of one tag: its newest sample, its hot rows, and the frozen ones that are just being sealed.
import type { ArrayStatistics, ArrayValue } from '#core/array.ts'
import type { TagPath } from '#core/path.ts'
import type { Quality } from '#core/quality.ts'
import type { Kind } from '#core/tag.ts'
import type { Micros } from '#core/time.ts'
import { noRows, overlay, rowsBetween, type Rows } from '#store/chunk/rows.ts'
import { HotRows, type LateRow } from './hot-rows.ts'

/** A sample of an array tag; without a value it has no statistics. */
export interface ArrayRow {
  readonly time: Micros
  readonly quality: Quality
  readonly value: ArrayValue | undefined
  readonly statistics: ArrayStatistics | undefined
}

export interface Series {
  readonly id: number
  readonly path: TagPath
  readonly kind: Kind
  /** Newest source time; -Infinity before the first sample. */
  latestTime: Micros
  latestValue: number
  latestQuality: Quality
  latestText: string
  /** No sealed row is newer than this. */
  sealedEnd: Micros
  hot: HotRows
  frozen: Rows
  /** For an array tag, in place of the rows; ascending in time. */
  hotArrays: ArrayRow[]
  frozenArrays: readonly ArrayRow[]
  /** Rows of the delivery under way that are not newer than the newest. */
  late: LateRow[]
}

export function newSeries(id: number, path: TagPath, kind: Kind): Series {
  return {
    id,
    path,
    kind,
    latestTime: -Infinity,
    latestValue: Number.NaN,
    latestQuality: 0,
    latestText: '',
    sealedEnd: -Infinity,
    hot: new HotRows(),
    frozen: noRows,
    hotArrays: [],
    frozenArrays: [],
    late: [],
  }
}

/** Rows in memory with from ≤ time < to. */
export const memoryRows = (series: Series, from: Micros, to: Micros): Rows =>
  overlay(rowsBetween(series.frozen, from, to), rowsBetween(series.hot, from, to))

/** Array samples in memory with from ≤ time < to, oldest first. */
export function memoryArrays({ frozenArrays, hotArrays }: Series, from: Micros, to: Micros): ArrayRow[] {
  const within = ({ time }: ArrayRow) => from <= time && time < to
  const frozen = frozenArrays.filter(within)
  const hot = hotArrays.filter(within)
  return frozen.length === 0 ? hot : mergeArrays(frozen, hot)
}

/** Both merged by time; the newer part wins where they meet. */
export function mergeArrays<Row extends { readonly time: Micros }>(older: readonly Row[], newer: readonly Row[]): Row[] {
  const byTime = new Map(older.map((row) => [row.time, row]))
  for (const row of newer) byTime.set(row.time, row)
  return [...byTime.values()].toSorted((a, b) => a.time - b.time)
}

/** Freezes what is hot; says whether there was anything. */
export function freeze(series: Series): boolean {
  const { hot, hotArrays } = series
  // Texts may be there without rows: those of rows that were stored before.
  if (hot.count > 0 || hot.texts.length > 0) series.hot = new HotRows()
  if (hot.count === 0 && hotArrays.length === 0) return false
  series.frozen = hot
  series.frozenArrays = hotArrays
  series.hotArrays = []
  return true
}

/** Forgets what has been sealed. */
export function thaw(series: Series): void {
  const newest = Math.max(series.frozen.time[series.frozen.count - 1] ?? -Infinity, series.frozenArrays.at(-1)?.time ?? -Infinity)
  series.sealedEnd = Math.max(series.sealedEnd, newest)
  series.frozen = noRows
  series.frozenArrays = []
}
