// Reports as CSV (RFC 4180, UTF-8, lines end in LF).
import type { Block, ColumnHead } from './table.ts'
import { textRows, type Dialect } from './text-rows.ts'

/**
 * What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection), after any apostrophes. Such a text gets one apostrophe more
 * in front, so that taking one away gives it back.
 */
const formula = /^'*[=+\-@\t\r\n＝＋－＠]/

/** A text as a CSV cell: no formula, quoted where it must be. */
export function csvText(text: string): string {
  const harmless = formula.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}

/** The text of a cell that `csvText` wrote, its quotes already removed. */
export function textOfCell(cell: string): string {
  return cell.startsWith("'") && formula.test(cell) ? cell.slice(1) : cell
}

const dialect: Dialect = {
  lead: (_, index) => (index > 0 ? ',' : ''),
  lineEnd: '\n',
  text: csvText,
  timeQuote: '',
  none: '',
  arrayBegin: (shape) => `"{""shape"":[${shape.join()}],""data"":[`,
  arrayEnd: ']}"',
}

/** The heading and all rows. */
export async function* csv(heads: readonly ColumnHead[], blocks: AsyncIterable<Block>): AsyncGenerator<Uint8Array> {
  yield Buffer.from(`${heads.map(({ name }) => csvText(name)).join()}\n`)
  for await (const block of blocks) yield* textRows(block, dialect)
}
