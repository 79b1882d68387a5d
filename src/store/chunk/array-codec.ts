// Array samples as bytes, lossless: every element as a whole number of its decimal scale or of its bits, foretold from its neighbours.
import { setImmediate } from 'node:timers/promises'
import { arrayElementsMax, type ArrayValue } from '#core/array.ts'
import { ByteWriter } from './byte-stream.ts'
import { open, seal } from './envelope.ts'
import { fieldCoder } from './field-codec.ts'
import { scratch } from './scratch.ts'
import { readValues, writeValues } from './value-codec.ts'
import { readArray1 } from './version-1.ts'

const valueScratch = scratch((length) => new Float64Array(length))
/** Elements that are coded together, in whole rows where rows are not longer. */
const blockElements = 1 << 16

/** Lets others have their turn between blocks: one takes some milliseconds. */
export async function encodeArray({ shape, data }: ArrayValue): Promise<Uint8Array> {
  const [rows, columns] = shape.length === 1 ? [0, data.length] : (shape as [number, number])
  const written = new ByteWriter()
  for (const [start, end] of blocks(data.length, columns)) {
    if (start > 0) await setImmediate()
    const values = valueScratch(end - start)
    values.set(data.subarray(start, end))
    writeValues(written, values, end - start, options(rows, columns))
  }
  return seal('array', (writer) => {
    writer.varint(rows)
    writer.varint(columns)
    writer.append(written.bytes())
  })
}

/** Throws `Rejected` when the bytes are damaged. */
export async function decodeArray(blob: Uint8Array): Promise<ArrayValue> {
  return decodeArraySync(blob)
}

/** The same at once: up to some tens of milliseconds for the largest array. */
export function decodeArraySync(blob: Uint8Array): ArrayValue {
  return open(
    'array',
    blob,
    (reader) => {
      const rows = reader.varint()
      const columns = reader.varint()
      const elements = Math.max(rows, 1) * columns
      if (elements < 1 || elements > arrayElementsMax)
        throw new RangeError(`it claims ${elements} elements; the most is ${arrayElementsMax}`)
      const data = new Float32Array(elements)
      for (const [start, end] of blocks(elements, columns)) {
        const values = valueScratch(end - start)
        readValues(reader, values, end - start, options(rows, columns))
        data.set(values.subarray(0, end - start), start)
      }
      return { shape: rows === 0 ? [columns] : [rows, columns], data }
    },
    readArray1,
  )
}

const options = (rows: number, columns: number) => (rows > 1 && columns <= blockElements ? { coder: fieldCoder(columns) } : {})

function blocks(elements: number, columns: number): [start: number, end: number][] {
  const size = columns <= blockElements ? Math.floor(blockElements / columns) * columns : blockElements
  return Array.from({ length: Math.ceil(elements / size) }, (_, block) => [block * size, Math.min(elements, (block + 1) * size)])
}
