// Rows as text, in pieces of some 64 kB, so that whoever sends them can stop in between; CSV and JSON lines differ in their dialect only.
import type { ArrayValue } from '#core/array.ts'
import { digitsMax, writeAscii, writeBytes, writeNumber, writeTime } from './digits.ts'
import type { Block, Column } from './table.ts'

export interface Dialect {
  /** What stands before the cell of a column. */
  readonly lead: (name: string, index: number) => string
  readonly lineEnd: string
  readonly text: (text: string) => string
  /** Before and after a time. */
  readonly timeQuote: string
  /** Where there is no value. */
  readonly none: string
  /** An array is its beginning, the elements with commas between, and its end. */
  readonly arrayBegin: (shape: readonly number[]) => string
  readonly arrayEnd: string
}

const pieceBytes = 64 * 1024
/** Room for what stands around an array's elements, and for one of them with its comma. */
const aroundArrayMax = 128
const elementMax = digitsMax + 1

/** The block's rows as UTF-8. */
export function* textRows({ count, columns }: Block, dialect: Dialect): Generator<Uint8Array> {
  const { fields, tail } = lineOf(columns, dialect)
  const out = new Pieces()
  for (let row = 0; row < count; row++) {
    for (const field of fields) {
      out.makeRoom(field.bytesMax)
      out.at = writeBytes(out.bytes, out.at, field.lead)
      const array = field.arrays?.[row]
      if (array) {
        out.at = writeAscii(out.bytes, out.at, dialect.arrayBegin(array.shape))
        for (let index = 0; index < array.data.length; index++) {
          out.makeRoom(elementMax)
          if (out.full.length > 0) yield* out.full.splice(0)
          if (index > 0) out.bytes[out.at++] = 0x2c
          out.at = writeNumber(out.bytes, out.at, array.data[index] as number)
        }
        out.makeRoom(aroundArrayMax)
        out.at = writeAscii(out.bytes, out.at, dialect.arrayEnd)
      } else out.at = writeCell(out.bytes, out.at, field, row)
    }
    out.makeRoom(tail.length)
    out.at = writeBytes(out.bytes, out.at, tail)
    if (out.full.length > 0) yield* out.full.splice(0)
  }
  if (out.at > 0) yield out.bytes.subarray(0, out.at)
}

/** Bytes that are written from `at` on; when they are full, new ones begin. */
class Pieces {
  bytes = Buffer.allocUnsafeSlow(pieceBytes)
  at = 0
  readonly full: Uint8Array[] = []

  makeRoom(bytes: number): void {
    if (this.at + bytes <= this.bytes.length) return
    this.full.push(this.bytes.subarray(0, this.at))
    this.bytes = Buffer.allocUnsafeSlow(Math.max(pieceBytes, bytes))
    this.at = 0
  }
}

/** A column that differs from row to row, made ready. */
interface Field {
  readonly type: Column['type']
  /** What stands before its cell, with the cells of columns before it that are the same in all rows. */
  readonly lead: Uint8Array
  /** Room for the lead and any of its cells. */
  readonly bytesMax: number
  readonly none: Uint8Array
  readonly quote: Uint8Array
  readonly values: Float64Array | Uint8Array
  readonly cells: readonly Uint8Array[]
  readonly arrays: readonly (ArrayValue | undefined)[] | undefined
}

const words = ['false', 'true'].map((word) => Buffer.from(word))
const noValues = new Uint8Array(0)

/** All that is the same in every row, put together once. */
function lineOf(columns: readonly Column[], dialect: Dialect): { fields: Field[]; tail: Uint8Array } {
  const fields: Field[] = []
  const [none, quote] = [Buffer.from(dialect.none), Buffer.from(dialect.timeQuote)]
  let leads: Uint8Array[] = []
  columns.forEach((column, index) => {
    leads.push(Buffer.from(dialect.lead(column.name, index)))
    const cells = column.type === 'text' ? cellsOf(column.texts, dialect) : column.type === 'boolean' ? words : []
    const [first] = column.values
    if (column.type === 'text' && column.values.every((value: number) => value === first)) {
      leads.push(cells[first as number] ?? none)
      return
    }
    const lead = Buffer.concat(leads)
    leads = []
    const cellMax = column.type === 'array' ? aroundArrayMax : cells.reduce((max, { length }) => Math.max(max, length), digitsMax)
    const values = column.type === 'array' ? noValues : column.values
    const arrays = column.type === 'array' ? column.values : undefined
    fields.push({ type: column.type, lead, bytesMax: lead.length + cellMax, none, quote, values, cells, arrays })
  })
  return { fields, tail: Buffer.concat([...leads, Buffer.from(dialect.lineEnd)]) }
}

/** The same few texts, such as the names of qualities, come with every block. */
const cellsByTexts = new WeakMap<Dialect, WeakMap<readonly string[], Uint8Array[]>>()

function cellsOf(texts: readonly string[], dialect: Dialect): Uint8Array[] {
  let known = cellsByTexts.get(dialect)
  if (!known) cellsByTexts.set(dialect, (known = new WeakMap()))
  let cells = known.get(texts)
  if (!cells) known.set(texts, (cells = texts.map((text) => Buffer.from(dialect.text(text)))))
  return cells
}

function writeCell(bytes: Uint8Array, at: number, field: Field, row: number): number {
  const value = field.values[row]
  if (field.type === 'text' || field.type === 'boolean') return writeBytes(bytes, at, field.cells[value as number] ?? field.none)
  if (value === undefined || Number.isNaN(value)) return writeBytes(bytes, at, field.none)
  if (field.type !== 'time') return writeNumber(bytes, at, value)
  return writeBytes(bytes, writeTime(bytes, writeBytes(bytes, at, field.quote), value), field.quote)
}
