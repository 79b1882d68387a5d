// Figures of a benchmark on the screen and in bench/results, with the machine they come from.
import { mkdir, writeFile } from 'node:fs/promises'
import { cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import { round } from './statistics.ts'

export interface Bar {
  readonly name: string
  readonly figure: number
  readonly limit: number
  /** Whether the limit is the least or the most. */
  readonly is: 'at least' | 'at most'
}

/** Columns by their heading; one row per entry. */
export type Table = readonly Readonly<Record<string, string | number | undefined>>[]

export const resultsFolder = join(import.meta.dirname, '..', 'results')

/** Where and when figures come from; other work on the same machine shows in the load. */
export function machine() {
  return { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version, loadAverage: loadavg().map(round) }
}

export function passes({ figure, limit, is }: Bar): boolean {
  return is === 'at least' ? figure >= limit : figure <= limit
}

export function barText(bar: Bar): string {
  return `${passes(bar) ? 'pass' : 'FAIL'}  ${bar.name}: ${round(bar.figure)}, ${bar.is} ${round(bar.limit)}`
}

export function markdownTable(table: Table): string {
  const names = [...new Set(table.flatMap((row) => Object.keys(row)))]
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const cell = (value: string | number | undefined) =>
    value === undefined ? '–' : typeof value === 'number' ? round(value).toLocaleString('en') : value
  return [line(names), line(names.map(() => '---')), ...table.map((row) => line(names.map((name) => cell(row[name]))))].join('\n')
}

/** Prints one column per entry: they fit a screen better side by side. */
export function printTable(table: Table): void {
  const [heading = '', ...names] = Object.keys(table[0] ?? {})
  const cell = (value: string | number | undefined) => (typeof value === 'number' ? round(value) : (value ?? '–'))
  const rowOf = (name: string) => Object.fromEntries(table.map((entry) => [String(entry[heading]), cell(entry[name])]))
  if (table.length > 0) console.table(Object.fromEntries(names.map((name) => [name, rowOf(name)])))
}

/** Writes NAME.json and NAME.md. */
export async function writeResults(name: string, figures: object, page: string): Promise<void> {
  await mkdir(resultsFolder, { recursive: true })
  await writeFile(join(resultsFolder, `${name}.json`), `${JSON.stringify(figures, null, 2)}\n`)
  await writeFile(join(resultsFolder, `${name}.md`), `${page.trim()}\n`)
}
