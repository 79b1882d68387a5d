// What the columns of a file are: which one is the time, which one names the machine, which ones become tags and of what kind.
import { ConfigError } from '#core/errors.ts'
import { pathFault } from '#core/path.ts'
import { isMissing, readBoolean, readNumber } from './cells.ts'
import type { Separator } from './csv.ts'

export interface ColumnChoices {
  /** Names of all columns, for files without a header. */
  readonly columns?: readonly string[]
  readonly time?: string
  /** The file has no times: rows follow each other at a fixed step. */
  readonly stepped: boolean
  readonly groupBy?: string
  /** Tag names by column. */
  readonly tags: ReadonlyMap<string, string>
  readonly skip: readonly string[]
  /** Told by the cells when absent. */
  readonly decimal?: '.' | ','
}

export interface ValueColumn {
  readonly index: number
  readonly column: string
  /** The tag's own name, a path segment. */
  readonly tag: string
  readonly kind: 'number' | 'boolean' | 'text'
}

export interface Columns {
  readonly names: readonly string[]
  readonly time: number | undefined
  readonly group: number | undefined
  readonly values: readonly ValueColumn[]
  readonly decimal: '.' | ','
}

const timeNames = /^(date[ _-]?time|time[ _-]?stamp|time|date|ts|utc|zeit|datum|zeitstempel)\b/i

/** Decides, from the header and the first rows. Throws `ConfigError` when a choice does not fit the file. */
export function decideColumns(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  separator: Separator,
  isTime: (text: string) => boolean,
  choices: ColumnChoices,
): Columns {
  const names = header.map((name, index) => name.trim() || `column ${index + 1}`)
  const indexOf = (column: string, option: string): number => {
    const index = names.indexOf(column)
    if (index < 0) throw new ConfigError(`${option} names the column "${column}", but the file has: ${names.join(', ')}`)
    return index
  }
  const skipped = new Set(choices.skip.map((column) => indexOf(column, '--skip-columns')))
  for (const column of choices.tags.keys()) indexOf(column, '--tag')
  const group = choices.groupBy === undefined ? undefined : indexOf(choices.groupBy, '--group-by')
  const time = choices.time === undefined ? foundTime(names, rows, isTime, choices) : indexOf(choices.time, '--time')
  const decimal = choices.decimal ?? decimalOf(rows, separator, time)
  const values = names
    .map((column, index) => ({ column, index }))
    .filter(({ index }) => index !== time && index !== group && !skipped.has(index))
    .map(({ column, index }) => ({ index, column, tag: tagOf(column, choices.tags), kind: kindOf(rows, index, decimal) }))
  if (values.length === 0) throw new ConfigError(`no column is left to import among: ${names.join(', ')}`)
  refuseDoubles(values)
  return { names, time, group, values, decimal }
}

function foundTime(
  names: readonly string[],
  rows: readonly (readonly string[])[],
  isTime: (text: string) => boolean,
  { stepped }: ColumnChoices,
): number | undefined {
  if (stepped) return undefined
  const reads = (index: number) => rows.some((row) => isTime(row[index] ?? ''))
  const named = names.findIndex((name, index) => timeNames.test(name) && reads(index))
  const index = named >= 0 ? named : names.findIndex((_, index) => reads(index))
  if (index >= 0) return index
  throw new ConfigError(
    `no column among ${names.join(', ')} holds times; name it with --time COLUMN, or give --start and --step for rows without times`,
  )
}

/** A decimal comma is believed where commas separate nothing and a cell has one between digits, and none has a point. */
function decimalOf(rows: readonly (readonly string[])[], separator: Separator, time: number | undefined): '.' | ',' {
  if (separator === ',') return '.'
  const cells = rows.flatMap((row) => row.filter((_, index) => index !== time))
  const comma = cells.filter((cell) => readNumber(cell, '.') === undefined && readNumber(cell, ',') !== undefined).length
  const point = cells.filter((cell) => cell.includes('.') && readNumber(cell, '.') !== undefined).length
  return comma > point ? ',' : '.'
}

/** What most cells are: one damaged cell among the first does not turn a column of numbers into text. */
function kindOf(rows: readonly (readonly string[])[], index: number, decimal: '.' | ','): ValueColumn['kind'] {
  const cells = rows.map((row) => (row[index] ?? '').trim()).filter((cell) => !isMissing(cell))
  const most = (reads: (cell: string) => unknown) => cells.filter((cell) => reads(cell) !== undefined).length * 2 > cells.length
  if (cells.length === 0 || most((cell) => readNumber(cell, decimal))) return 'number'
  return most(readBoolean) ? 'boolean' : 'text'
}

function tagOf(column: string, tags: ReadonlyMap<string, string>): string {
  const chosen = tags.get(column)
  const tag = chosen ?? pathSegment(column)
  const fault = tag.includes('/') ? 'a tag name holds no "/"' : pathFault(tag, 1)
  if (fault) throw new ConfigError(`the column "${column}" needs another tag name, --tag "${column}=NAME": ${fault}`)
  return tag
}

/** A column's name with what a path cannot hold left out, e.g. `Torque [Nm]` becomes `Torque (Nm)`. */
function pathSegment(column: string): string {
  return column
    .replaceAll('[', '(')
    .replaceAll(']', ')')
    .replaceAll('/', ' per ')
    .replaceAll(/[^\p{L}\p{N} ._:()%-]/gu, '')
    .replace(/^[^\p{L}\p{N}]+/u, '')
    .replaceAll(/\s+/g, ' ')
    .slice(0, 64)
    .trim()
}

function refuseDoubles(values: readonly ValueColumn[]): void {
  const seen = new Map<string, string>()
  for (const { tag, column } of values) {
    const other = seen.get(tag)
    if (other !== undefined)
      throw new ConfigError(`the columns "${other}" and "${column}" would both become the tag "${tag}"; rename one with --tag or skip it`)
    seen.set(tag, column)
  }
}
