import { assert, double, integer, oneof, property, tuple } from 'fast-check'
import { expect, test } from 'vitest'
import { formatTime } from '#core/time.ts'
import { digitsMax, writeNumber, writeTime } from './digits.ts'

const bytes = new Uint8Array(digitsMax)
const written = (write: typeof writeNumber, value: number) => Buffer.from(bytes.subarray(0, write(bytes, 0, value))).toString()

test('a number is written as JavaScript writes it, but that -0 keeps its sign', () => {
  const decimal = tuple(integer({ min: -(10 ** 15), max: 10 ** 15 }), integer({ min: 0, max: 15 })).map(
    ([whole, places]) => whole / 10 ** places,
  )
  assert(
    property(oneof(decimal, double({ noNaN: true }), integer()), (value) => {
      const text = written(writeNumber, value)
      expect(text).toBe(Object.is(value, -0) ? '-0' : String(value))
      expect(Number(text)).toBe(value)
    }),
    { numRuns: 20_000 },
  )
  for (const value of [
    0,
    -0,
    1e-6,
    1e-7,
    9.99e-7,
    0.1 + 0.2,
    999_999.999_999_999,
    1e6,
    1e21,
    -1.5,
    5e-324,
    Number.MAX_VALUE,
    -Number.MAX_VALUE,
  ])
    expect(Number(written(writeNumber, value))).toBe(value)
})

test('a time is written to the microsecond', () => {
  const times = integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
  assert(
    property(times, (time) => {
      expect(written(writeTime, time)).toBe(formatTime(time))
    }),
  )
  for (const time of [0, 59_999_999, 60_000_000, 1_767_225_599_999_999, 1_767_225_600_000_000])
    expect(written(writeTime, time)).toBe(formatTime(time))
})
