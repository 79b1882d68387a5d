import { expect, test } from 'vitest'
import { alignSeries, appendPoint, gapAfterMs, type TrendSeries } from './trend-series.ts'

const series = (tag: string, time: number[], from = 0): TrendSeries => {
  const values = time.map((_, index) => from + index)
  return { tag, time: [...time], min: values.map((value) => value - 1), max: values.map((value) => value + 1), mean: values }
}

test('a hole much longer than the usual distance breaks the line', () => {
  const { x, mean } = alignSeries([series('a', [0, 1000, 2000, 9000, 10_000, 11_000, 12_000, 13_000, 14_000, 15_000, 16_000])], 100)
  expect(x[3]).toBeGreaterThan(2)
  expect(x[3]).toBeLessThan(9)
  expect(mean[0]?.slice(0, 5)).toEqual([0, 1, 2, null, 3])
})

test('evenly spaced points stay joined, however far apart', () => {
  const { mean } = alignSeries([series('a', [0, 60_000, 120_000, 180_000])], 1000)
  expect(mean[0]).toEqual([0, 1, 2, 3])
})

test('one empty bucket is no gap', () => {
  expect(gapAfterMs([0, 100, 200, 400, 500], 100)).toBeGreaterThan(200)
})

test('series of different times share one axis; where only another has a point, the value is undefined, not a gap', () => {
  const { x, mean } = alignSeries([series('a', [0, 2000, 4000]), series('b', [1000, 2000, 3000], 10)], 1000)
  expect(x).toEqual([0, 1, 2, 3, 4])
  expect(mean).toEqual([
    [0, undefined, 1, undefined, 2],
    [undefined, 10, 11, 12, undefined],
  ])
})

test('no data align to nothing', () => {
  expect(alignSeries([series('a', [])], 1000)).toEqual({ x: [], mean: [[]], min: [[]], max: [[]] })
})

test('a live point joins only when it is newer than the last', () => {
  const live = series('a', [0, 1000])
  expect(appendPoint(live, 1000, 5, 0)).toBe(false)
  expect(appendPoint(live, 2000, 5, 0)).toBe(true)
  expect(live.time).toEqual([0, 1000, 2000])
  expect(live.max.at(-1)).toBe(5)
})

test('what has moved out of the window is let go of', () => {
  const live = series(
    'a',
    Array.from({ length: 500 }, (_, index) => index * 100),
  )
  appendPoint(live, 50_000, 1, 30_000)
  expect(live.time[0]).toBe(30_000)
  expect(live.mean).toHaveLength(live.time.length)
})
