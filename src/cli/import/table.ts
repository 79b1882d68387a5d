// A stream of lines as a table: the separator is decided from its beginning, then rows flow through.
import { ConfigError } from '#core/errors.ts'
import { type CsvRow, detectSeparator, RecordReader, type Separator } from './csv.ts'
import type { Line } from './read-lines.ts'

/** So many lines are looked at before anything is decided. */
const linesSeenFirst = 1000
const linesForSeparator = 20

export interface Table {
  readonly header: readonly string[]
  readonly separator: Separator
  /** The fields of the first rows, to decide by. */
  readonly seen: readonly (readonly string[])[]
  /** All rows after the header. */
  readonly rows: AsyncIterable<readonly CsvRow[]>
}

/** Reads the beginning; `columns` are the header of a file without one. Throws `ConfigError` for an empty file. */
export async function openTable(
  chunks: AsyncIterable<Line[]>,
  separator: Separator | undefined,
  columns: readonly string[] | undefined,
): Promise<Table> {
  const rest = chunks[Symbol.asyncIterator]()
  const first: Line[] = []
  while (first.length < linesSeenFirst) {
    const { value, done } = await rest.next()
    if (done) break
    first.push(...value)
  }
  const filled = first.filter((line) => line !== undefined).slice(0, linesForSeparator)
  const chosen = separator ?? detectSeparator(filled)
  const reader = new RecordReader(chosen)
  const rows = first.flatMap((line) => reader.push(line))
  const header = columns ?? headerOf(rows.shift())
  const seen = rows.slice(0, linesSeenFirst).flatMap((row) => ('fields' in row ? [row.fields] : []))
  return { header, separator: chosen, seen, rows: rowsOf(rows, rest, reader) }
}

function headerOf(row: CsvRow | undefined): readonly string[] {
  if (!row) throw new ConfigError('the file is empty')
  if ('fault' in row) throw new ConfigError(`line ${row.line} should be the header, but ${row.fault}`)
  const { fields } = row
  return fields.at(-1)?.trim() === '' ? fields.slice(0, -1) : fields
}

async function* rowsOf(first: readonly CsvRow[], rest: AsyncIterator<Line[]>, reader: RecordReader): AsyncGenerator<readonly CsvRow[]> {
  yield first
  for await (const lines of { [Symbol.asyncIterator]: () => rest }) yield lines.flatMap((line) => reader.push(line))
  yield reader.end()
}
