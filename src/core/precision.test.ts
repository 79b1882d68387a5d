import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { roundingTo } from './precision.ts'

test.for([
  [0.01, 20.371, 20.37],
  [0.01, 20.370000000000001, 20.37],
  [0.1, 0.30000000000000004, 0.3],
  [0.25, 7.3, 7.25],
  [0.5, -0.2, 0],
  [5, 1234, 1235],
  [1000, -1499, -1000],
  [0.001, 1e300, 1e300],
  [0.01, Number.NaN, Number.NaN],
  [0.01, -Infinity, -Infinity],
] as const)('to %d, %d becomes %d', ([precision, x, rounded]) => {
  expect(roundingTo(precision)?.(x)).toBe(rounded)
})

test('whatever is rounded is the float64 that the decimal means, and stays when it is rounded again', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 6 }),
      fc.integer({ min: -1_000_000_000, max: 1_000_000_000 }),
      fc.double({ min: -0.4, max: 0.4, noNaN: true }),
      (decimals, integer, off) => {
        const precision = Number(`1e-${decimals}`)
        const decimal = Number(`${integer}e-${decimals}`)
        const round = roundingTo(precision)
        expect(round?.(decimal + off * precision)).toBe(decimal)
        expect(round?.(decimal)).toBe(decimal)
      },
    ),
  )
})

test('a precision that is no decimal gives no rounding', () => {
  expect(roundingTo(1 / 3)).toBeUndefined()
  expect(roundingTo(1e-20)).toBeUndefined()
})
