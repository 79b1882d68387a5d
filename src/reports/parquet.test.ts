import { zstdDecompressSync } from 'node:zlib'
import { parquetMetadata, parquetReadObjects, type AsyncBuffer } from 'hyparquet'
import { expect, test } from 'vitest'
import { parquet } from './parquet.ts'
import { sameText, type Block, type ColumnHead } from './table.ts'

/** As another program reads the file; times stay whole microseconds. */
async function read(heads: ColumnHead[], blocks: Iterable<Block>) {
  const pieces: Uint8Array[] = []
  for await (const piece of parquet(
    heads,
    (async function* () {
      yield* blocks
    })(),
  ))
    pieces.push(piece)
  const bytes = Buffer.concat(pieces)
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)
  const file: AsyncBuffer = { byteLength: buffer.byteLength, slice: (start, end) => buffer.slice(start, end) }
  const parsers = { timestampFromMicroseconds: (micros: bigint) => micros }
  const rows = await parquetReadObjects({ file, compressors: { ZSTD: (input) => zstdDecompressSync(input) }, parsers })
  return { rows, metadata: parquetMetadata(buffer), pieces }
}

test('every kind of value comes back as it was', async () => {
  const heads: ColumnHead[] = [
    { name: 'tag', type: 'text' },
    { name: 'time', type: 'time' },
    { name: 'number', type: 'number' },
    { name: 'boolean', type: 'boolean' },
    { name: 'text', type: 'text' },
    { name: 'array', type: 'array' },
    { name: 'count', type: 'count' },
  ]
  const one: Block = {
    count: 3,
    columns: [
      sameText('tag', 3, 'm/a'),
      { name: 'time', type: 'time', values: Float64Array.of(0, 1_767_225_600_000_001, 7_999_999_999_999_999) },
      { name: 'number', type: 'number', values: Float64Array.of(-0, 5e-324, Number.NaN) },
      { name: 'boolean', type: 'boolean', values: Float64Array.of(1, Number.NaN, 0) },
      { name: 'count', type: 'count', values: Float64Array.of(1, 2, 2 ** 40) },
    ],
  }
  const other: Block = {
    count: 2,
    columns: [
      sameText('tag', 2, 'm/b'),
      { name: 'time', type: 'time', values: Float64Array.of(1, 2) },
      { name: 'text', type: 'text', values: Float64Array.of(1, Number.NaN), texts: ['unused', '=läuft\n"☃"'] },
      { name: 'array', type: 'array', values: [{ shape: [1, 2], data: Float32Array.of(0.1, -0) }, undefined] },
      { name: 'count', type: 'count', values: Float64Array.of(0, 0) },
    ],
  }
  const { rows, metadata } = await read(heads, [one, other])
  const none = { number: null, boolean: null, text: null }
  expect(rows).toEqual([
    { ...none, tag: 'm/a', time: 0n, number: -0, boolean: true, count: 1n },
    { ...none, tag: 'm/a', time: 1_767_225_600_000_001n, number: 5e-324, count: 2n },
    { ...none, tag: 'm/a', time: 7_999_999_999_999_999n, boolean: false, count: 2n ** 40n },
    { ...none, tag: 'm/b', time: 1n, text: '=läuft\n"☃"', array: [Math.fround(0.1), -0], array_shape: [1, 2], count: 0n },
    { ...none, tag: 'm/b', time: 2n, count: 0n },
  ])
  expect(metadata.schema.find(({ name }) => name === 'time')?.logical_type).toEqual({
    type: 'TIMESTAMP',
    isAdjustedToUTC: true,
    unit: 'MICROS',
  })
})

test('groups of rows are written as they fill, and a file without rows is one', async () => {
  const heads: ColumnHead[] = [{ name: 'time', type: 'time' }]
  const block = (start: number): Block => ({
    count: 50_000,
    columns: [{ name: 'time', type: 'time', values: Float64Array.from({ length: 50_000 }, (_, row) => start + row) }],
  })
  const { rows, metadata, pieces } = await read(heads, [block(0), block(50_000), block(100_000)])
  expect(rows.map(({ time }) => Number(time))).toEqual(Array.from({ length: 150_000 }, (_, row) => row))
  expect(metadata.row_groups.map(({ num_rows }) => Number(num_rows))).toEqual([100_000, 50_000])
  expect(pieces).toHaveLength(3)
  expect((await read(heads, [])).rows).toEqual([])
})

test('what the blocks cannot give ends the file with that error', async () => {
  const heads: ColumnHead[] = [{ name: 'time', type: 'time' }]
  const broken = { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error('the disk is gone')) }) }
  await expect(parquet(heads, broken).next()).rejects.toThrow('the disk is gone')
  const half: Block = { count: 1, columns: [{ name: 'time', type: 'time', values: Float64Array.of(0.5) }] }
  await expect(read(heads, [half])).rejects.toThrow(/cannot be converted to a BigInt/)
})
