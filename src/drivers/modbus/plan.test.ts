import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { planReads, splitRead, type Read, type Span } from './plan.ts'
import { tables } from './settings.ts'

const span = (address: number, width = 1, table: Span['table'] = 'holding', unit = 1, point = 0): Span => ({
  point,
  unit,
  table,
  address,
  width,
})
const shape = (reads: readonly Read[]) => reads.map(({ unit, table, address, count }) => [unit, table, address, count])
const limits = { maxRegistersPerRead: 125, maxGap: 8 }

test('Neighbours share a read, a gap beyond the limit starts another, whatever the order of the points', () => {
  const reads = planReads([span(30, 2), span(0, 2), span(10), span(2, 4), span(100)], limits)
  expect(shape(reads)).toEqual([
    [1, 'holding', 0, 11],
    [1, 'holding', 30, 2],
    [1, 'holding', 100, 1],
  ])
})

test('Units and tables never share a read', () => {
  expect(planReads([span(0), span(1, 1, 'input'), span(2, 1, 'holding', 2)], limits)).toHaveLength(3)
})

test('A read of bits may be sixteen times as long', () => {
  const bits = Array.from({ length: 4000 }, (_, index) => span(index, 1, 'coil'))
  expect(shape(planReads(bits, limits))).toEqual([
    [1, 'coil', 0, 2000],
    [1, 'coil', 2000, 2000],
  ])
})

test('A refused read splits where two points differ, and not at all when all need the same register', () => {
  const read = planReads([span(0), span(0), span(0), span(4, 2)], limits)[0] as Read
  const halves = splitRead(read) ?? []
  expect(shape(halves)).toEqual([
    [1, 'holding', 0, 1],
    [1, 'holding', 4, 2],
  ])
  expect(halves.map(splitRead)).toEqual([undefined, undefined])
})

const anySpans = fc
  .array(
    fc.record({
      unit: fc.integer({ min: 1, max: 2 }),
      table: fc.constantFrom(...tables),
      address: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 65_500, max: 65_531 })),
      width: fc.constantFrom(1, 1, 2, 4),
    }),
    { maxLength: 80 },
  )
  .map((spans) => spans.map((span, point): Span => ({ ...span, point })))
const anyLimits = fc.record({ maxRegistersPerRead: fc.integer({ min: 4, max: 125 }), maxGap: fc.integer({ min: 0, max: 20 }) })

/** Every point in exactly one read, whole; every read legal and starting and ending with a point. */
function expectSound(reads: readonly Read[], spans: readonly Span[], maxRegistersPerRead: number) {
  expect(reads.flatMap((read) => read.spans.map(({ point }) => point)).toSorted((a, b) => a - b)).toEqual(spans.map(({ point }) => point))
  for (const read of reads) {
    const isBits = read.table === 'coil' || read.table === 'discrete'
    expect(read.count).toBeLessThanOrEqual(maxRegistersPerRead * (isBits ? 16 : 1))
    expect(read.address).toBe(Math.min(...read.spans.map(({ address }) => address)))
    expect(read.address + read.count).toBe(Math.max(...read.spans.map(({ address, width }) => address + width)))
    expect(read.spans.every(({ unit, table }) => unit === read.unit && table === read.table)).toBe(true)
  }
}

test('Any points are planned soundly: each in one legal read, none split', () => {
  fc.assert(fc.property(anySpans, anyLimits, (spans, limits) => expectSound(planReads(spans, limits), spans, limits.maxRegistersPerRead)))
})

test('Splitting any plan down to its end stays sound and isolates every register range', () => {
  fc.assert(
    fc.property(anySpans, anyLimits, (spans, limits) => {
      const down = (read: Read): Read[] => splitRead(read)?.flatMap(down) ?? [read]
      const reads = planReads(spans, limits).flatMap(down)
      expectSound(reads, spans, limits.maxRegistersPerRead)
      for (const { spans } of reads) expect(new Set(spans.map(({ address, width }) => `${address}+${width}`)).size).toBe(1)
    }),
  )
})
