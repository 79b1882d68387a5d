import { expect, test } from 'vitest'
import { BatchBuilder, batchOf, filterRows, kindOf, valueAt } from './batch.ts'

const field = { shape: [1, 2], data: Float32Array.of(1, 2) }
const mixed = batchOf([
  { tag: 'm/n', time: 1, value: 1.5 },
  { tag: 'm/b', time: 2, value: true },
  { tag: 'm/t', time: 3, value: 'on', quality: 0x40 },
  { tag: 'm/a', time: 4, value: field },
  { tag: 'm/n', time: 5, value: null, quality: 0x80 },
  { tag: 'm/t', time: 6, value: null, kind: 'text', quality: 0x80 },
])

test('values come out as they went in, whatever their kind', () => {
  expect(Array.from({ length: mixed.count }, (_, row) => valueAt(mixed, row))).toEqual([1.5, true, 'on', field, null, null])
  expect(mixed.kinds).toEqual(['number', 'boolean', 'text', 'array'])
  expect([...mixed.quality]).toEqual([0, 0, 0x40, 0, 0x80, 0x80])
})

test('the kind of a value is that of its JavaScript type', () => {
  expect([1, false, '', field].map(kindOf)).toEqual(['number', 'boolean', 'text', 'array'])
})

test('a built batch stays as it is when the builder is cleared and used again', () => {
  const builder = new BatchBuilder(1)
  for (let row = 0; row < 100; row++) builder.add(builder.tagIndex('m/n', 'number'), row, row / 10, 0)
  const built = builder.build()
  builder.clear()
  builder.addText(builder.tagIndex('m/t', 'text'), 7, 'new', 0)
  expect(built.count).toBe(100)
  expect([...built.time]).toEqual(Array.from({ length: 100 }, (_, row) => row))
  expect(builder.build()).toMatchObject({ tags: ['m/t'], kinds: ['text'], count: 1, texts: ['new'] })
})

test('filterRows keeps the chosen rows with their values', () => {
  const kept = filterRows(mixed, (row) => row % 2 === 1)
  expect(Array.from({ length: kept.count }, (_, row) => valueAt(kept, row))).toEqual([true, field, null])
  expect([...kept.time]).toEqual([2, 4, 6])
  expect(kept.tags).toEqual(['m/b', 'm/a', 'm/t'])
  expect(filterRows(mixed, () => true)).toEqual(mixed)
})
