// Tables of summaries, made of rows or of finer summaries.
import { hourUs } from '#core/time.ts'
import { lowerBound, type Rows } from '#store/chunk/rows.ts'
import { addSummary, column, summarise, summaryWidth } from './summary.ts'

/** Fewer rows an hour than this are read faster than they would be summed up. */
const rowsPerHourMin = 20

/** One summary per UTC hour that has rows; undefined when the rows are so few that they answer as fast themselves. */
export function hourlySummaries(rows: Rows): Float64Array | undefined {
  if (rows.count === 0) return undefined
  const hours = Math.floor((rows.time[rows.count - 1] as number) / hourUs) - Math.floor((rows.time[0] as number) / hourUs) + 1
  return rows.count < rowsPerHourMin * hours ? undefined : summariesPer(rows, hourUs)
}

/** One summary per whole `period` (microseconds) that has rows. */
export function summariesPer(rows: Rows, period: number): Float64Array {
  const starts: number[] = []
  for (let row = 0; row < rows.count; ) {
    starts.push(row)
    row = lowerBound(rows.time, rows.count, (Math.floor((rows.time[row] as number) / period) + 1) * period)
  }
  const table = new Float64Array(starts.length * summaryWidth)
  for (const [index, start] of starts.entries()) summarise(rows, start, starts[index + 1] ?? rows.count, table, index)
  return table
}

/** The same from a table of finer summaries, none of which reaches over the end of a period. */
export function coarserSummaries(finer: Float64Array, period: number): Float64Array {
  const table = new Float64Array(finer.length)
  let size = 0
  let current = Number.NaN
  for (let row = 0; row * summaryWidth < finer.length; row++) {
    const index = Math.floor((finer[row * summaryWidth + column.firstTime] as number) / period)
    if (index === current) addSummary(table, size - 1, finer, row)
    else table.set(finer.subarray(row * summaryWidth, (row + 1) * summaryWidth), size++ * summaryWidth)
    current = index
  }
  return table.slice(0, size * summaryWidth)
}
