import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { Rejected } from '#core/errors.ts'
import { minuteUs, secondUs } from '#core/time.ts'
import { seal } from '#store/chunk/envelope.ts'
import type { Rows } from '#store/chunk/rows.ts'
import { decodeSummaries, encodeSummaries } from './summaries-codec.ts'
import { column, summarise, summaryWidth } from './summary.ts'

const start = 1_767_225_600_000_000
/** Looks random, but is the same in every run: from 0 to below 1. */
const random = (index: number, salt: number) =>
  ((Math.imul(index * 8 + salt, 0x9e3779b1) ^ (Math.imul(index * 8 + salt, 0x85ebca6b) >>> 13)) >>> 0) / 2 ** 32

/** A value that wanders in thousandths, read each second with a jitter of some milliseconds, and badly now and then. */
function wandering(seconds: number): Rows {
  let thousandths = 20_000
  const seq = Array.from({ length: seconds }, (_, index) => index)
  return {
    count: seconds,
    time: Float64Array.from(seq, (index) => start + index * secondUs + Math.floor(random(index, 1) * 10) * 1000),
    value: Float64Array.from(
      seq,
      (index) => (thousandths += Math.round((random(index, 2) + random(index, 3) + random(index, 4) - 1.5) * 140)) / 1000,
    ),
    quality: Uint8Array.from(seq, (index) => (index % 3000 < 200 && index > 1000 ? 0x80 : 0)),
    texts: [],
  }
}

function minutesOf(rows: Rows): Float64Array {
  const minutes = rows.count / 60
  const table = new Float64Array(minutes * summaryWidth)
  for (let minute = 0; minute < minutes; minute++) summarise(rows, minute * 60, (minute + 1) * 60, table, minute)
  return table
}

const number = fc.oneof(
  fc.double(),
  fc.integer({ min: -1_000_000, max: 1_000_000 }).map((integer) => integer / 1000),
  fc.integer({ min: 0, max: 2000 }).map((minute) => start + minute * minuteUs),
  fc.constantFrom(Number.NaN, -0, 0, 5e-324, 1e300, Infinity, -Infinity, 2 ** 53, -(2 ** 53)),
)

test('a table comes back bit for bit, whatever is in it', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 60 }).chain((rows) => fc.array(number, { minLength: rows * summaryWidth, maxLength: rows * summaryWidth })),
      (numbers) => {
        const table = Float64Array.from(numbers)
        expect(decodeSummaries(encodeSummaries(table))).toEqual(table)
      },
    ),
    { numRuns: 300 },
  )
})

test('a day of minutes comes back, with a few bytes for each', () => {
  const table = minutesOf(wandering(86_400))
  const bytes = encodeSummaries(table)
  expect(decodeSummaries(bytes)).toEqual(table)
  expect(bytes.length / 1440).toBeLessThan(17)
})

test('minutes of one value, and minutes without any, are nearly free', () => {
  const rows = wandering(86_400)
  rows.value.fill(21.5)
  for (let row = 0; row < rows.count; row++) rows.time[row] = start + row * secondUs
  rows.quality.fill(0).fill(0x80, 30_000, 50_000)
  const table = minutesOf(rows)
  const bytes = encodeSummaries(table)
  expect(decodeSummaries(bytes)).toEqual(table)
  expect(table[600 * summaryWidth + column.count]).toBe(0)
  expect(bytes.length).toBeLessThan(600)
})

test('the summary of one hour alone is shorter than its numbers', () => {
  const table = new Float64Array(summaryWidth)
  summarise(wandering(900), 0, 900, table, 0)
  const bytes = encodeSummaries(table)
  expect(decodeSummaries(bytes)).toEqual(table)
  expect(bytes.length).toBeLessThan(70)
})

test('damaged and forged bytes are Rejected, or no more than a table', () => {
  const bytes = encodeSummaries(minutesOf(wandering(1200)))
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const damaged = bytes.slice()
      damaged[at] = (damaged[at] as number) ^ flip
      expect(() => decodeSummaries(damaged)).toThrow(Rejected)
      const forged = seal('table of summaries', (writer) => writer.append(damaged.subarray(6)))
      try {
        expect(decodeSummaries(forged).length).toBeLessThanOrEqual(4096 * summaryWidth)
      } catch (error) {
        expect(error).toBeInstanceOf(Rejected)
      }
    }),
  )
})
