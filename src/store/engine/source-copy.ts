// A tag with its rows in memory as they were when a question was asked: it stands still while others append and seal, so the shelf may answer from
// another thread, over a network, or in another process. Whatever is sealed meanwhile is in the copy as well.
import { compactTexts, joinRows, overlay, rowsBetween, sliceRows, type Rows } from '#store/chunk/rows.ts'
import type { Micros } from '#core/time.ts'
import type { Source } from './history.ts'
import { memoryArrays, memoryRows, type Series } from './series.ts'
import type { ArrayRow } from './shelf.ts'

export interface SourceCopy extends Omit<Source, 'memory' | 'memoryArrays'> {
  readonly rows: Rows
  /** In place of the rows, for an array tag. */
  readonly arrays: readonly ArrayRow[]
}

/** Copies what is in memory with from ≤ time < to, and the newest row before: its value may hold at `from`. */
export function copySource(series: Series, from: Micros, to: Micros): SourceCopy {
  const { id, path, kind, latestTime, sealedEnd, keptFrom } = series
  const rows = compactTexts(joinRows([rowBefore(series, from), memoryRows(series, from, to)]))
  return { id, path, kind, latestTime, sealedEnd, keptFrom, rows, arrays: memoryArrays(series, from, to) }
}

function rowBefore({ frozen, hot }: Series, time: Micros): Rows {
  const [older, newer] = [lastRow(rowsBetween(frozen, -Infinity, time)), lastRow(rowsBetween(hot, -Infinity, time))]
  return lastRow(overlay(older, newer))
}

const lastRow = (rows: Rows): Rows => sliceRows(rows, Math.max(0, rows.count - 1), rows.count)

export const sourceOfCopy = ({ rows, arrays, ...tag }: SourceCopy): Source => ({
  ...tag,
  memory: (from, to) => rowsBetween(rows, from, to),
  memoryArrays: (from, to) => arrays.filter(({ time }) => from <= time && time < to),
})
