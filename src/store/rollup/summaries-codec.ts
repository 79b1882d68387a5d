// Tables of summaries as bytes, exact for every float64: column by column, each as its distance from what the columns before it foretell.
// Layout: docs/specs/chunk.md.
import { open, seal } from '#store/chunk/envelope.ts'
import { readValues, writeValues, type ValueOptions } from '#store/chunk/value-codec.ts'
import { column, summaryWidth } from './summary.ts'

/** More than a day has minutes. */
const rowsMax = 1 << 12
/** A range is about so many standard deviations, squared. */
const rangeVariances = 13

/** The columns in the order in which they are written. */
const order = ['firstTime', 'lastTime', 'count', 'last', 'first', 'min', 'max', 'hold', 'held', 'sum', 'integral', 'squares'] as const
type Name = (typeof order)[number]
type Columns = Record<Name, Float64Array>

/**
 * What the columns before foretell of a number; a column without is foretold by its own past. Only by operations that IEEE 754 defines to the
 * bit, because a reader must come to the very same.
 */
const foretell: Partial<Record<Name, (columns: Columns, row: number) => number>> = {
  lastTime: ({ firstTime }, row) => firstTime[row] as number,
  first: ({ last }, row) => last[row - 1] ?? (last[row] as number),
  min: ({ first, last }, row) => Math.min(first[row] as number, last[row] as number),
  max: ({ first, last }, row) => Math.max(first[row] as number, last[row] as number),
  hold: ({ last }, row) => last[row] as number,
  held: ({ firstTime, lastTime }, row) => (lastTime[row] as number) - (firstTime[row] as number),
  sum: ({ count, min, max }, row) => ((count[row] as number) * ((min[row] as number) + (max[row] as number))) / 2,
  integral: ({ sum, last, count, held }, row) =>
    (((sum[row] as number) - (last[row] as number)) / ((count[row] as number) - 1)) * (held[row] as number),
  squares: ({ count, min, max }, row) => {
    const range = (count[row] as number) * ((max[row] as number) - (min[row] as number))
    return (range * range) / rangeVariances
  },
}

/** Encodes up to `rowsMax` summaries. */
export function encodeSummaries(table: Float64Array): Uint8Array {
  const rows = table.length / summaryWidth
  checkRows(rows)
  return seal('table of summaries', (writer) => {
    writer.varint(rows)
    const columns = emptyColumns(rows)
    for (const name of rows > 0 ? order : []) {
      const values = columns[name]
      const offset = column[name]
      for (let row = 0; row < rows; row++) values[row] = table[row * summaryWidth + offset] as number
      writeValues(writer, values, rows, expectation(columns, name))
    }
  })
}

/** Throws `Rejected` when the bytes are damaged or of a newer version. */
export function decodeSummaries(bytes: Uint8Array): Float64Array {
  return open('table of summaries', bytes, (reader) => {
    const rows = reader.varint()
    checkRows(rows)
    const columns = emptyColumns(rows)
    const table = new Float64Array(rows * summaryWidth)
    for (const name of rows > 0 ? order : []) {
      const values = columns[name]
      const offset = column[name]
      readValues(reader, values, rows, expectation(columns, name))
      for (let row = 0; row < rows; row++) table[row * summaryWidth + offset] = values[row] as number
    }
    return table
  })
}

function checkRows(rows: number): void {
  if (rows > rowsMax) throw new RangeError(`${rows} summaries are too many for one table; the most is ${rowsMax}`)
}

function emptyColumns(rows: number): Columns {
  return Object.fromEntries(order.map((name) => [name, new Float64Array(rows)])) as Columns
}

function expectation(columns: Columns, name: Name): ValueOptions {
  const foretold = foretell[name]
  if (!foretold) return {}
  const expected = new Float64Array(columns[name].length)
  for (let row = 0; row < expected.length; row++) expected[row] = foretold(columns, row)
  return { expected }
}
