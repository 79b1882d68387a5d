import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { batchOf, valueAt, type Batch } from '#core/batch.ts'
import { qualities } from '#core/quality.ts'
import { partitionOf, sliceBatch, splitBatch } from './partition.ts'

const rowsOf = (batch: Batch) =>
  Array.from({ length: batch.count }, (_, row) => ({
    tag: batch.tags[batch.tag[row] as number] as string,
    kind: batch.kinds[batch.tag[row] as number],
    time: batch.time[row],
    value: valueAt(batch, row),
    quality: batch.quality[row],
  }))

test('A tag keeps its partition for ever, and is with the other tags of its machine', () => {
  // Of these numbers depends where data lie: they must never change.
  expect(['site/area/line/press-1/temperature', 'm/t', 'plant/Größe/öl'].map((tag) => partitionOf(tag, 16))).toEqual([15, 8, 12])
  expect(partitionOf('site/area/line/press-1/pressure', 16)).toBe(partitionOf('site/area/line/press-1/temperature', 16))
})

test('Machines are spread evenly over the partitions', () => {
  const counts = Array.from({ length: 16 }, () => 0)
  for (let machine = 0; machine < 1600; machine++) counts[partitionOf(`plant/hall/line-${machine % 8}/press-${machine}/x`, 16)]! += 1
  for (const count of counts) expect(count).toBeGreaterThan(60)
})

test('Split by partition, rows keep their order, and every value, quality, text and array comes back', () => {
  const value = fc.oneof(
    fc.double({ noNaN: true }).map((number) => ({ kind: 'number' as const, value: number })),
    fc.boolean().map((on) => ({ kind: 'boolean' as const, value: on })),
    fc.string().map((text) => ({ kind: 'text' as const, value: text })),
    fc
      .array(fc.float({ noNaN: true }), { minLength: 1, maxLength: 4 })
      .map((data) => ({ kind: 'array' as const, value: { shape: [data.length], data: Float32Array.from(data) } })),
    fc.constantFrom('number', 'text', 'array').map((kind) => ({ kind, value: null }) as const),
  )
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(5), value), { maxLength: 60 }), fc.integer({ min: 1, max: 20 }), (entries, partitions) => {
      const batch = batchOf(
        entries.map(([machine, { kind, value }], index) => ({
          tag: `m${machine}/${kind}`,
          kind,
          time: index,
          value,
          quality: value === null ? qualities.badSensorFailure.code : 0,
        })),
      )
      const rows = rowsOf(batch)
      const parts = splitBatch(batch, partitions)
      expect(new Set(parts.map(({ partition }) => partition)).size).toBe(parts.length)
      for (const part of parts)
        expect(rowsOf(part.batch)).toEqual(rows.filter(({ tag }) => partitionOf(tag, partitions) === part.partition))
      expect(parts.reduce((sum, part) => sum + part.batch.count, 0)).toBe(rows.length)
      const middle = rows.length >> 1
      expect([...rowsOf(sliceBatch(batch, 0, middle)), ...rowsOf(sliceBatch(batch, middle, rows.length))]).toEqual(rows)
    }),
  )
})
