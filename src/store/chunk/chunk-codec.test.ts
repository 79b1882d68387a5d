import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { Rejected } from '#core/errors.ts'
import { chunkRowsMax, chunkRowsTarget, decodeChunk, encodeChunk } from './chunk-codec.ts'
import { seal } from './envelope.ts'
import type { Rows } from './rows.ts'

const start = 1_767_225_600_000_000
const secondUs = 1_000_000

function rowsOf(values: readonly number[], times?: readonly number[], qualities?: readonly number[], texts: string[] = []): Rows {
  return {
    count: values.length,
    time: Float64Array.from(times ?? values.map((_, index) => start + index * secondUs)),
    value: Float64Array.from(values),
    quality: Uint8Array.from(qualities ?? values.map(() => 0)),
    texts,
  }
}

const columnOf = (valueAt: (index: number) => number, length = chunkRowsTarget) => Array.from({ length }, (_, index) => valueAt(index))
/** Looks random, but is the same in every run. */
const noise = (index: number) => Math.imul(index + 1, 0x9e3779b1) >>> 0
const sizeOf = (rows: Rows) => {
  const chunk = encodeChunk(rows)
  expect(decodeChunk(chunk)).toEqual(rows)
  return chunk.length
}

const times = (length: number) =>
  fc.oneof(
    fc
      .uniqueArray(fc.oneof(fc.integer({ min: 0, max: 2 ** 51 }), fc.maxSafeInteger(), fc.integer({ min: 0, max: 500 })), {
        minLength: length,
        maxLength: length,
      })
      .map((list) => list.toSorted((a, b) => a - b)),
    // A clock that ticks, drifts, is read late and pauses now and then.
    fc
      .tuple(
        fc.integer({ min: 50_000, max: 2_000_000 }),
        fc.constantFrom(1, 1000),
        fc.array(fc.tuple(fc.nat(20), fc.oneof({ weight: 30, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(10_000) })), {
          minLength: length,
          maxLength: length,
        }),
      )
      .map(([step, unit, rows]) => {
        let tick = 0
        return rows.map(([late, pause]) => Math.floor((tick += step + pause * step) / unit) * unit + late * unit)
      }),
  )
const value = fc.oneof(
  fc.double(),
  fc.float(),
  fc.integer({ min: -1000, max: 100_000 }).map((integer) => integer / 1000),
  fc.integer({ min: -10_000, max: 10_000 }).map((integer) => Math.fround(integer / 10)),
  fc.constantFrom(Number.NaN, -0, 0, 5e-324, 1e300, Number.MAX_VALUE, -Number.MAX_VALUE, Infinity, -Infinity, 2 ** 53, 1e15, -1e15),
)
/** Many values of one kind and few of any. */
const values = fc.oneof(
  fc.array(value, { minLength: 1, maxLength: 300 }),
  fc.array(
    fc.oneof(
      { weight: 500, arbitrary: fc.integer({ min: -1000, max: 1000 }).map((integer) => integer / 100) },
      { weight: 1, arbitrary: value },
    ),
    { minLength: 256, maxLength: 600 },
  ),
  fc.array(fc.oneof({ weight: 100, arbitrary: fc.constant(7.5) }, { weight: 1, arbitrary: value }), { minLength: 1, maxLength: 300 }),
)

test('a chunk gives back exactly the float64 values, times and qualities that went in', () => {
  fc.assert(
    fc.property(
      values.chain((list) =>
        fc.tuple(
          fc.constant(list),
          times(list.length),
          fc.array(fc.integer({ min: 0, max: 255 }), { minLength: list.length, maxLength: list.length }),
        ),
      ),
      ([list, times, qualities]) => {
        const rows = rowsOf(list, times, qualities)
        expect(decodeChunk(encodeChunk(rows))).toEqual(rows)
      },
    ),
    { numRuns: 500 },
  )
})

test.each([
  ['decimals', (index: number) => Math.round(20_000 + 500 * Math.sin(index / 50)) / 1000],
  ['decimals with gaps', (index: number) => (index % 50 < 5 ? Number.NaN : index / 10)],
  ['decimals after gaps', (index: number) => (index < 50 ? Number.NaN : index / 10)],
  ['Float32 decimals', (index: number) => Math.fround(Math.round(200 + 50 * Math.sin(index / 50)) / 10)],
  ['Float32 noise', (index: number) => Math.fround(Math.sin(index * index))],
  ['float64 noise', (index: number) => Math.sin(index * index)],
  ['huge counters', (index: number) => index * 900_000_000_000 * (index % 2)],
  ['no values', () => Number.NaN],
  ['zeros of both signs', (index: number) => (noise(index) % 2 === 0 ? 0 : -0)],
])('the largest chunk of %s comes back exactly', (_, valueAt) => {
  const rows = rowsOf(columnOf(valueAt, chunkRowsMax))
  expect(decodeChunk(encodeChunk(rows))).toEqual(rows)
})

test('times to the microsecond come back from one end of the exact integers to the other', () => {
  const rows = rowsOf([1, 2, 3, 4, 5], [-(2 ** 53), -1, 0, 1, 2 ** 53])
  expect(decodeChunk(encodeChunk(rows))).toEqual(rows)
})

test('noise costs what its information is worth, and its distance from zero nothing', () => {
  const bits = 6
  const size = sizeOf(rowsOf(columnOf((index) => 1000 + (noise(index) % 2 ** bits) / 100)))
  expect(size).toBeLessThan((chunkRowsTarget * bits * 1.02) / 8 + 100)
})

test('values that a sensor gives in steps cost the steps, not the decimals', () => {
  const size = sizeOf(rowsOf(columnOf((index) => 20 + (noise(index) % 8) * 0.125)))
  expect(size).toBeLessThan((chunkRowsTarget * 3 * 1.02) / 8 + 60)
})

test('values that are no decimals cost little where they are few, and no more than their noise where they are many', () => {
  const counts = sizeOf(rowsOf(columnOf((index) => ((2000 + (noise(index) % 16)) * 10) / 4095)))
  expect(counts).toBeLessThan((chunkRowsTarget * 4 * 1.02) / 8 + 200)
  const oddOnes = sizeOf(rowsOf(columnOf((index) => (index % 20 === 0 ? Math.sqrt(index + 2) : (noise(index) % 1000) / 100))))
  expect(oddOnes).toBeLessThan((chunkRowsTarget * (10 + 64 / 20) * 1.1) / 8)
  const means = sizeOf(rowsOf(columnOf((index) => (1_200_000 + (noise(index) % 60_000)) / 60_000)))
  expect(means).toBeLessThan(chunkRowsTarget * 6.2)
})

test('a constant, or a switch that rarely moves, is nearly free', () => {
  expect(sizeOf(rowsOf(columnOf(() => 21.5)))).toBeLessThan(50)
  expect(sizeOf(rowsOf(columnOf((index) => Math.floor(index / 100) % 2)))).toBeLessThan(70)
})

test('a step, a spike beyond every scale, or a missing value among decimals costs little', () => {
  const hundredths = (index: number) => Math.round(2000 + 100 * Math.sin(index / 30) + (noise(index) % 10))
  const walk = (index: number) => hundredths(index) / 100
  const smooth = sizeOf(rowsOf(columnOf(walk)))
  const step = (index: number) => (hundredths(index) + (index > 2000 ? 100_000_000 : 0)) / 100
  expect(sizeOf(rowsOf(columnOf(step)))).toBeLessThan(smooth + 30)
  expect(sizeOf(rowsOf(columnOf((index) => (index === 2000 ? 3.4028234663852886e38 : walk(index)))))).toBeLessThan(smooth + 60)
  expect(sizeOf(rowsOf(columnOf((index) => (index % 1000 === 0 ? Number.NaN : walk(index)))))).toBeLessThan(smooth + 100)
})

test('a steady clock costs nothing, its jitter only what it is worth, and a missing row little', () => {
  const sizeOfTimes = (times: number[]) =>
    sizeOf(
      rowsOf(
        times.map(() => 0),
        times,
      ),
    )
  const steady = (index: number) => start + index * secondUs
  const jittery = (index: number) => steady(index) + (noise(index) % 10) * 1000
  const jitterBytes = (chunkRowsTarget * Math.log2(10)) / 8
  expect(sizeOfTimes(columnOf(steady))).toBeLessThan(50)
  expect(sizeOfTimes(columnOf(jittery))).toBeLessThan(jitterBytes * 1.02 + 60)
  expect(sizeOfTimes(columnOf((index) => jittery(index + (index > 1000 ? 1 : 0) + (index > 3000 ? 500 : 0))))).toBeLessThan(
    jitterBytes * 1.02 + 100,
  )
  expect(sizeOfTimes(columnOf((index) => start + Math.floor((index * secondUs) / 60)))).toBeLessThan(chunkRowsTarget / 8 + 60)
})

test('texts come back, and only those that rows use are kept', () => {
  const rows = rowsOf([1, Number.NaN, 1, 2], undefined, [0, 0x80, 0, 0], ['unused', 'läuft', '', 'unused too'])
  const back = decodeChunk(encodeChunk(rows))
  expect(back.texts).toEqual(['läuft', ''])
  expect([...back.value]).toEqual([0, Number.NaN, 0, 1])
})

test('many texts are compressed', () => {
  const texts = Array.from({ length: 500 }, (_, index) => `program ${index} of the shift has ended as it should`)
  expect(
    sizeOf(
      rowsOf(
        texts.map((_, index) => index),
        undefined,
        undefined,
        texts,
      ),
    ),
  ).toBeLessThan(4000)
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

test('forged bytes with a right checksum are Rejected or give no more rows than a chunk has', () => {
  const honest = [
    encodeChunk(
      rowsOf(
        columnOf((index) => (noise(index) % 1000) / 10, 300),
        columnOf((index) => start + index * secondUs + (noise(index) % 9), 300),
      ),
    ),
    encodeChunk(rowsOf([0, 1, 0, Number.NaN], undefined, undefined, ['a', 'b'])),
    encodeChunk(rowsOf(columnOf((index) => Math.sin(index), 100))),
  ]
  fc.assert(
    fc.property(fc.constantFrom(...honest), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 5 }), (chunk, changes) => {
      const fields = chunk.slice(6)
      for (const [at, byte] of changes) fields[at % fields.length] = byte
      const forged = seal('chunk', (writer) => writer.append(fields))
      try {
        expect(decodeChunk(forged).count).toBeLessThanOrEqual(chunkRowsMax)
      } catch (error) {
        expect(error).toBeInstanceOf(Rejected)
      }
    }),
    { numRuns: 2000 },
  )
})

test('a chunk of a version to come, and what is no chunk, are named', () => {
  const chunk = encodeChunk(rowsOf([1]))
  expect(() => decodeChunk(seal('array', (writer) => writer.append(chunk.subarray(6))))).toThrow(
    'the chunk makes no sense: its content is "array"',
  )
})
