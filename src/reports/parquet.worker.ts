// The thread that encodes Parquet, a group of rows at a time, and hands the bytes on; what it keeps of a group is its place in the file.
import { parentPort, workerData } from 'node:worker_threads'
import { zstdCompressSync } from 'node:zlib'
import { ByteWriter, ParquetWriter, type ColumnSource, type SchemaElement } from 'hyparquet-writer'
import type { ParquetTask } from './parquet.ts'
import type { Column, ColumnHead } from './table.ts'

type Encoded = Pick<ColumnSource, 'name' | 'data' | 'encoding'>
type Of<Type extends Column['type']> = Extract<Column, { type: Type }>

const micros = { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' } as const
const list = (name: string, type: 'FLOAT' | 'INT32'): SchemaElement[] => [
  { name, repetition_type: 'OPTIONAL', converted_type: 'LIST', num_children: 1 },
  { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
  { name: 'element', type, repetition_type: 'REQUIRED' },
]

/** An array becomes two columns: its elements, row by row of the array, and its shape. */
const shapeOf = (name: string) => `${name}_shape`

function schemaOf({ name, type }: ColumnHead): SchemaElement[] {
  if (type === 'time')
    return [{ name, type: 'INT64', repetition_type: 'REQUIRED', converted_type: 'TIMESTAMP_MICROS', logical_type: micros }]
  if (type === 'count') return [{ name, type: 'INT64', repetition_type: 'REQUIRED' }]
  if (type === 'number') return [{ name, type: 'DOUBLE', repetition_type: 'OPTIONAL' }]
  if (type === 'boolean') return [{ name, type: 'BOOLEAN', repetition_type: 'OPTIONAL' }]
  if (type === 'text') return [{ name, type: 'BYTE_ARRAY', repetition_type: 'OPTIONAL', converted_type: 'UTF8' }]
  return [...list(name, 'FLOAT'), ...list(shapeOf(name), 'INT32')]
}

function encoded(column: Column): Encoded[] {
  const { name } = column
  if (column.type === 'array') return arrayColumns(column)
  if (column.type === 'text') return [{ name, data: listOf(column.values, (index) => column.texts[index] ?? null) }]
  if (column.type === 'boolean') return [{ name, data: listOf(column.values, (value) => (Number.isNaN(value) ? null : value !== 0)) }]
  if (column.type === 'number') return [{ name, data: listOf(column.values, (value) => (Number.isNaN(value) ? null : value)) }]
  return [{ name, data: listOf(column.values, BigInt), encoding: 'DELTA_BINARY_PACKED' }]
}

/** `Array.from`, several times as fast. */
function listOf<Item>(values: Float64Array | Uint8Array, itemOf: (value: number) => Item): Item[] {
  const items: Item[] = []
  for (let row = 0; row < values.length; row++) items.push(itemOf(values[row] as number))
  return items
}

const arrayColumns = ({ name, values }: Of<'array'>): Encoded[] => [
  { name, data: values.map((array) => array && Array.from(array.data)), encoding: 'PLAIN' },
  { name: shapeOf(name), data: values.map((array) => array && [...array.shape]) },
]

const heads = workerData as readonly ColumnHead[]
const writer = new ByteWriter()
const file = new ParquetWriter({
  writer,
  schema: [
    { name: 'root', num_children: heads.reduce((sum, { type }) => sum + (type === 'array' ? 2 : 1), 0) },
    ...heads.flatMap(schemaOf),
  ],
  codec: 'ZSTD',
  compressors: { ZSTD: (bytes) => zstdCompressSync(bytes) },
  createdBy: 'millwright',
})

parentPort?.on('message', async (task: ParquetTask) => {
  if (task === 'end') await file.finish()
  else await file.write({ columnData: task.columns.flatMap(encoded), rowGroupSize: task.count })
  const bytes = writer.getBytes().slice()
  parentPort?.postMessage(bytes, [bytes.buffer])
  writer.index = 0
})
