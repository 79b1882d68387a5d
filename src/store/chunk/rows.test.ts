import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { compactTexts, overlay, rowsBetween, type Rows } from './rows.ts'

const rowsOf = (entries: [time: number, value: number][], texts: string[] = []): Rows => ({
  count: entries.length,
  time: Float64Array.from(entries, ([time]) => time),
  value: Float64Array.from(entries, ([, value]) => value),
  quality: new Uint8Array(entries.length),
  texts,
})
const entries = fc
  .uniqueArray(fc.nat(60), { maxLength: 40 })
  .chain((times) => fc.tuple(...times.toSorted((a, b) => a - b).map((time) => fc.tuple(fc.constant(time), fc.nat(9)))))

test('an overlay holds every time of both parts once, and the newer part wins', () => {
  fc.assert(
    fc.property(entries, entries, (older, newer) => {
      const merged = overlay(rowsOf(older), rowsOf(newer))
      const expected = [...new Map([...older, ...newer])].toSorted(([a], [b]) => a - b)
      expect(Array.from({ length: merged.count }, (_, row) => [merged.time[row], merged.value[row]])).toEqual(expected)
    }),
  )
})

test('texts keep their rows through overlay and compaction', () => {
  const older = rowsOf(
    [
      [1, 0],
      [3, 1],
      [5, 0],
    ],
    ['a', 'b'],
  )
  const newer = rowsOf(
    [
      [3, 0],
      [4, 1],
    ],
    ['c', 'a'],
  )
  const merged = compactTexts(overlay(older, newer))
  expect([...merged.value].map((index) => merged.texts[index])).toEqual(['a', 'c', 'a', 'a'])
  expect(merged.texts).toEqual(['a', 'c'])
})

test('rowsBetween includes its start and excludes its end', () => {
  const rows = rowsOf([
    [1, 0],
    [2, 0],
    [3, 0],
  ])
  expect([...rowsBetween(rows, 1, 3).time]).toEqual([1, 2])
  expect(rowsBetween(rows, 4, 9).count).toBe(0)
  expect(rowsBetween(rows, 3, 1).count).toBe(0)
})
