import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { Rejected } from '#core/errors.ts'
import { chunkRowsMax, decodeChunk, encodeChunk } from './chunk-codec.ts'
import type { Rows } from './rows.ts'

function rowsOf(values: readonly number[], times?: readonly number[], qualities?: readonly number[], texts: string[] = []): Rows {
  return {
    count: values.length,
    time: Float64Array.from(times ?? values.map((_, index) => 1_767_225_600_000_000 + index * 1_000_000)),
    value: Float64Array.from(values),
    quality: Uint8Array.from(qualities ?? values.map(() => 0)),
    texts,
  }
}

const times = (length: number) =>
  fc
    .uniqueArray(fc.oneof(fc.integer({ min: 0, max: 2 ** 51 }), fc.maxSafeInteger(), fc.integer({ min: 0, max: 500 })), {
      minLength: length,
      maxLength: length,
    })
    .map((list) => list.toSorted((a, b) => a - b))
const value = fc.oneof(
  fc.double(),
  fc.float(),
  fc.integer({ min: -1000, max: 100_000 }).map((integer) => integer / 1000),
  fc.integer({ min: -10_000, max: 10_000 }).map((integer) => Math.fround(integer / 10)),
  fc.constantFrom(Number.NaN, -0, 0, 5e-324, Number.MAX_VALUE, -Number.MAX_VALUE, Infinity, -Infinity, 2 ** 53, 1e15, -1e15),
)

test('a chunk gives back exactly the float64 values, times and qualities that went in', () => {
  fc.assert(
    fc.property(
      fc
        .array(value, { minLength: 1, maxLength: 300 })
        .chain((values) =>
          fc.tuple(
            fc.constant(values),
            times(values.length),
            fc.array(fc.integer({ min: 0, max: 255 }), { minLength: values.length, maxLength: values.length }),
          ),
        ),
      ([values, times, qualities]) => {
        const rows = rowsOf(values, times, qualities)
        expect(decodeChunk(encodeChunk(rows))).toEqual(rows)
      },
    ),
    { numRuns: 500 },
  )
})

test.each([
  ['decimals', (index: number) => Math.round(20_000 + 500 * Math.sin(index / 50)) / 1000],
  ['decimals with gaps', (index: number) => (index % 50 < 5 ? Number.NaN : index / 10)],
  ['Float32 decimals', (index: number) => Math.fround(Math.round(200 + 50 * Math.sin(index / 50)) / 10)],
  ['Float32 noise', (index: number) => Math.fround(Math.sin(index * index))],
  ['float64 noise', (index: number) => Math.sin(index * index)],
  ['huge counters', (index: number) => index * 900_000_000_000 * (index % 2)],
])('the largest chunk of %s comes back exactly', (_, valueAt) => {
  const rows = rowsOf(Array.from({ length: chunkRowsMax }, (_, index) => valueAt(index)))
  expect(decodeChunk(encodeChunk(rows))).toEqual(rows)
})

test('a missing value among decimals costs little', () => {
  const whole = encodeChunk(rowsOf(Array.from({ length: 4096 }, (_, index) => index / 10)))
  const gaps = encodeChunk(rowsOf(Array.from({ length: 4096 }, (_, index) => (index % 1000 === 0 ? Number.NaN : index / 10))))
  expect(gaps.length).toBeLessThan(whole.length + 500)
})

test('texts come back, and only those that rows use are kept', () => {
  const rows = rowsOf([1, Number.NaN, 1, 2], undefined, [0, 0x80, 0, 0], ['unused', 'läuft', '', 'unused too'])
  const back = decodeChunk(encodeChunk(rows))
  expect(back.texts).toEqual(['läuft', ''])
  expect([...back.value]).toEqual([0, Number.NaN, 0, 1])
})

test('damaged bytes are Rejected, never a wrong answer', () => {
  const chunk = encodeChunk(rowsOf([1, 2, 3, 4, 5]))
  fc.assert(
    fc.property(fc.nat(chunk.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const damaged = chunk.slice()
      damaged[at] = (damaged[at] as number) ^ flip
      expect(() => decodeChunk(damaged)).toThrow(Rejected)
      expect(() => decodeChunk(chunk.subarray(0, at))).toThrow(Rejected)
    }),
  )
})
