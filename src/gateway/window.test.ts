import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { qualities } from '#core/quality.ts'
import { Window } from './window.ts'

test('a window of N samples gives mean, extremes and population standard deviation', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 2, maxLength: 50 }), (values) => {
      const window = new Window({ samples: values.length })
      const results = values.map((value, index) => window.add(index, value, 0))
      const result = results.pop()
      expect(results.every((earlier) => earlier === undefined)).toBe(true)
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length
      expect(result?.mean).toBeCloseTo(mean, 4)
      expect(result?.std).toBeCloseTo(Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length), 3)
      expect(result).toMatchObject({ min: Math.min(...values), max: Math.max(...values), time: values.length - 1, quality: 0 })
    }),
  )
})

test('a window of T seconds ends with the first sample beyond it, which begins the next', () => {
  const window = new Window({ seconds: 1 })
  expect(window.add(0, 1, 0)).toBeUndefined()
  expect(window.add(999_999, 3, 0)).toBeUndefined()
  expect(window.add(1_000_000, 10, 0)).toMatchObject({ mean: 2, time: 999_999 })
  expect(window.closeBefore(1_999_999)).toBeUndefined()
  expect(window.closeBefore(2_000_000)).toMatchObject({ mean: 10, std: 0 })
  expect(window.closeBefore(9_000_000)).toBeUndefined()
})

test('bad samples are left out and make the average uncertain; only bad ones make it bad', () => {
  const bad = qualities.badSensorFailure.code
  const window = new Window({ samples: 2 })
  window.add(0, 5, 0)
  expect(window.add(1, Number.NaN, bad)).toMatchObject({ mean: 5, quality: qualities.uncertainSubNormal.code })
  window.add(2, Number.NaN, bad)
  expect(window.add(3, Number.NaN, bad)).toMatchObject({ mean: Number.NaN, quality: bad })
})

test('a window ends when the clock of its source is set back by more than its length', () => {
  const window = new Window({ seconds: 1 })
  window.add(5_000_000, 1, 0)
  expect(window.add(4_900_000, 3, 0)).toBeUndefined()
  expect(window.add(3_000_000, 7, 0)).toMatchObject({ mean: 2 })
})
