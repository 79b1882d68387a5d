import { expect, test } from 'vitest'
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
