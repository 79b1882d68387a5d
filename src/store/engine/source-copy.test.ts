import { expect, test } from 'vitest'
import { freeze, newSeries, type Series } from './series.ts'
import { copySource, sourceOfCopy } from './source-copy.ts'

/** Rows at frozen times, and over them hot ones; the value says which. */
function seriesWith(frozen: readonly number[], hot: readonly number[]): Series {
  const series = newSeries(1, 'm/x', 'number')
  for (const time of frozen) series.hot.push(time, 0, 0)
  freeze(series)
  for (const time of hot) series.hot.push(time, 1, 0)
  return series
}

test('a copy has the rows of its range and the newest one before, whose value may hold into it', () => {
  const rowsOf = (frozen: number[], hot: number[]) => {
    const { rows } = copySource(seriesWith(frozen, hot), 10, 20)
    return [...rows.time].map((time, row) => [time, rows.value[row]])
  }
  expect(rowsOf([1, 5, 10, 19, 20], [])).toEqual([
    [5, 0],
    [10, 0],
    [19, 0],
  ])
  expect(rowsOf([1, 5], [5, 7, 12])).toEqual([
    [7, 1],
    [12, 1],
  ])
  expect(rowsOf([5], [5])).toEqual([[5, 1]])
  expect(rowsOf([], [30])).toEqual([])
})

test('a copy stands still while rows come late and are sealed', () => {
  const series = seriesWith([10, 12], [14, 16])
  const source = sourceOfCopy(copySource(series, 0, 100))
  series.hot.insert([{ time: 15, value: 9, quality: 0 }])
  series.hot.replace(0, 9, 9)
  expect([...source.memory(11, 15).time]).toEqual([12, 14])
  expect([...source.memory(11, 15).value]).toEqual([0, 1])
})
