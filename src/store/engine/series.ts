// What memory holds of one tag: its newest sample, its hot rows, the frozen ones that are just being sealed, and those sealed last.
import type { TagPath } from '#core/path.ts'
import type { Quality } from '#core/quality.ts'
import type { Kind } from '#core/tag.ts'
import type { Micros } from '#core/time.ts'
import { overlay, rowsBetween, type Rows } from '#store/chunk/rows.ts'
import { HotRows, type LateRow } from './hot-rows.ts'
import type { ArrayRow, TagState } from './shelf.ts'

type Latest = Pick<TagState, 'latestTime' | 'latestValue' | 'latestQuality' | 'latestText'>

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
  /** Older rows are not kept any more. */
  keptFrom: Micros
  /** Whether it has rows to be sealed. */
  isDirty: boolean
  hot: HotRows
  frozen: HotRows
  /** The newest sample when it was frozen: what came since is not sealed with it. */
  frozenLatest: Latest
  /** All that is sealed behind `recentFrom`, as long as its memory is not needed again. */
  recent: HotRows
  recentFrom: Micros
  /** For an array tag, in place of the rows; ascending in time. */
  hotArrays: ArrayRow[]
  frozenArrays: readonly ArrayRow[]
  /** Rows of the delivery under way that are not newer than the newest. */
  late: LateRow[]
}

/** Stands for rows that are not there; never written to. */
const noHotRows = new HotRows()
const noLatest: Latest = { latestTime: -Infinity, latestValue: Number.NaN, latestQuality: 0, latestText: '' }

export function newSeries(id: number, path: TagPath, kind: Kind): Series {
  return {
    id,
    path,
    kind,
    ...noLatest,
    sealedEnd: -Infinity,
    keptFrom: -Infinity,
    isDirty: false,
    hot: new HotRows(),
    frozen: noHotRows,
    frozenLatest: noLatest,
    recent: noHotRows,
    recentFrom: Infinity,
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
  const { hot, hotArrays, latestTime, latestValue, latestQuality, latestText } = series
  series.isDirty = false
  if (hot.count === 0 && hotArrays.length === 0) {
    // Texts may be there without rows: those of rows that were stored before.
    hot.clear()
    return false
  }
  series.frozen = hot
  series.frozenLatest = { latestTime, latestValue, latestQuality, latestText }
  series.hot = series.recent === noHotRows ? new HotRows() : series.recent
  series.hot.clear()
  series.recent = noHotRows
  series.recentFrom = Infinity
  series.frozenArrays = hotArrays
  series.hotArrays = []
  return true
}

/** What was frozen is sealed. */
export function thaw(series: Series): void {
  const { frozen, frozenArrays, sealedEnd } = series
  const newest = Math.max(frozen.count > 0 ? (frozen.time[frozen.count - 1] as number) : -Infinity, frozenArrays.at(-1)?.time ?? -Infinity)
  series.recent = frozen
  series.recentFrom = sealedEnd
  series.sealedEnd = Math.max(sealedEnd, newest)
  series.frozen = noHotRows
  series.frozenArrays = []
}

/** Forgets what was sealed last, when what is sealed has changed. */
export function forgetRecent(series: Series): void {
  series.recent = noHotRows
  series.recentFrom = Infinity
}
