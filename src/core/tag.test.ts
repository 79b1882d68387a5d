import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { limitExceeded } from './limit.ts'
import { averageSchema, limitsSchema, tagDefinitionSchema } from './tag.ts'

test('a definition needs nothing, and says the rest itself', () => {
  expect(tagDefinitionSchema.parse({})).toEqual({ kind: 'number', writable: false })
})

test.for([
  [{ unit: 'degC' }, /write .+°C/],
  [{ range: [5, 5] }, /the range must rise/],
  [{ limits: { low: 5, high: 1 } }, /the limits must rise/],
  [{ limits: { lowLow: 5, highHigh: 1 } }, /the limits must rise/],
  [{ average: {} }, /say samples, seconds, or both/],
  [{ deadband: 0 }, /too small/i],
  [{ precision: 0 }, /too small/i],
  [{ precision: 1 / 3 }, /write the precision as a decimal/],
  [{ decimals: 1.5 }, /int/],
  [{ shape: [0, 4] }, /shape|invalid/i],
  [{ hight: 5 }, /hight/],
] as const)('%j is refused with the reason', ([definition, reason]) => {
  expect(tagDefinitionSchema.safeParse(definition).error?.message).toMatch(reason)
})

test('the outermost limit that a value is beyond is named; on a limit it is within', () => {
  const limits = { lowLow: 0, low: 10, high: 90, highHigh: 100 }
  expect([-1, 0, 5, 10, 50, 90, 95, 100, 101].map((value) => limitExceeded(limits, value))).toEqual([
    'lowLow',
    'low',
    'low',
    undefined,
    undefined,
    undefined,
    'high',
    'high',
    'highHigh',
  ])
  expect(limitExceeded(undefined, 5)).toBeUndefined()
  expect(limitExceeded({ high: 1 }, Number.NaN)).toBeUndefined()
})

test('limits are accepted exactly when those given rise', () => {
  const limit = fc.option(fc.integer({ min: 0, max: 5 }), { nil: undefined })
  fc.assert(
    fc.property(limit, limit, limit, limit, (lowLow, low, high, highHigh) => {
      const given = [lowLow, low, high, highHigh].filter((value) => value !== undefined)
      const rises = given.every((value, index) => index === 0 || value > (given[index - 1] as number))
      expect(limitsSchema.safeParse({ lowLow, low, high, highHigh }).success).toBe(rises)
    }),
  )
})

test('an average closes by samples or by seconds, within bounds', () => {
  expect(averageSchema.safeParse({ samples: 1 }).success).toBe(false)
  expect(averageSchema.safeParse({ samples: 2 }).success).toBe(true)
  expect(averageSchema.safeParse({ seconds: 0.5, samples: 10 }).success).toBe(true)
})
