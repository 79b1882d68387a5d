import { expect, test } from 'vitest'
import { packFrozen } from './frozen-part.ts'
import { freeze, newSeries } from './series.ts'

test('texts of rows that were stored before are let go with the next freezing, rows or not', () => {
  const series = newSeries(1, 'm/state', 'text')
  series.hot.textIndex('running')
  expect(freeze(series)).toBe(false)
  expect(series.hot.texts).toEqual([])
  series.hot.push(1, series.hot.textIndex('stopped'), 0)
  expect(freeze(series)).toBe(true)
  expect(series.frozen).toMatchObject({ count: 1, texts: ['stopped'] })
  expect(series.hot).toMatchObject({ count: 0, texts: [] })
})

test('the newest sample that is sealed is the newest of what is sealed, not of what came since', () => {
  const series = newSeries(1, 'm/pressure', 'number')
  const put = (time: number, value: number) => {
    series.hot.push(time, value, 0)
    Object.assign(series, { latestTime: time, latestValue: value })
  }
  put(1, 10)
  freeze(series)
  put(2, 20)
  expect(packFrozen([series])).toMatchObject({ latestTime: Float64Array.of(1), latestValue: Float64Array.of(10) })
})
