// What commands print: the answer to stdout, how it went to stderr. Values from machines never reach the terminal raw.
import { csvText } from '#reports/csv.ts'

/** Prints a line of the answer. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** Prints a line about how it went. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** Lets `millwright … | head` end quietly when the reader has seen enough. */
export function endQuietlyOnClosedPipe(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(0)
  })
}

/** Text from elsewhere without the control characters that could steer a terminal. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}]/gu, '�')
}

/** Rows under their headings, columns aligned; the named columns to the right. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[], right: ReadonlySet<number> = new Set()): string {
  const lines = [headings, ...rows.map((row) => row.map(printable))]
  const widths = headings.map((_, column) => lines.reduce((width, line) => Math.max(width, widthOf(line[column] ?? '')), 0))
  const pad = (text: string, column: number) => {
    const blanks = ' '.repeat((widths[column] ?? 0) - widthOf(text))
    return right.has(column) ? blanks + text : text + blanks
  }
  return lines.map((line) => line.map(pad).join('  ').trimEnd()).join('\n')
}

/** Columns that a text takes on a terminal, near enough: its code points. */
function widthOf(text: string): number {
  return Array.from(text).length
}

/** One line of CSV (RFC 4180). */
export function csvLine(fields: readonly (string | number | boolean)[]): string {
  return fields.map((field) => (typeof field === 'string' ? csvText(field) : String(field))).join(',')
}

/** A count with thin groups of three, e.g. `1 234 567`. */
export function count(number: number): string {
  return String(number).replaceAll(/\B(?=(\d{3})+$)/g, ' ')
}

/** `1 row`, `2 rows`. */
export function plural(number: number, noun: string): string {
  return `${count(number)} ${noun}${number === 1 ? '' : 's'}`
}
