// A row of a table as samples: its time, its machine, one sample per filled cell; what cannot be read is said, cell by cell.
import type { z } from 'zod'
import type { postedSampleSchema } from '#api/samples/schema.ts'
import { textLengthMax } from '#core/batch.ts'
import { ConfigError } from '#core/errors.ts'
import { machinePathFault, type MachinePath } from '#core/path.ts'
import type { Kind } from '#core/tag.ts'
import { formatTime, type Micros } from '#core/time.ts'
import { isMissing, readBoolean, readNumber } from './cells.ts'
import type { Columns, ValueColumn } from './columns.ts'

/** Only tables in long form tell the kind. */
export type PostedSample = z.input<typeof postedSampleSchema> & { readonly kind?: Kind }

/** Most machines that one file may hold; what is kept of each is a few numbers. */
export const machinesMax = 100_000

export interface RowChoices {
  /** `{column}` in it stands for the cell of the column that groups. */
  readonly machine: string
  readonly readTime: (text: string) => Micros | undefined
  /** For rows without times, or with a running number instead: when number 0 was, and how far apart they are. */
  readonly steps?: { readonly start: Micros; readonly step: Micros; readonly numberColumn: boolean }
}

export interface RowResult {
  readonly samples: readonly PostedSample[]
  /** What could not be read; without samples, the whole row is lost. */
  readonly faults: readonly string[]
  /** The row's time is that of its machine's row before: the later values replace the earlier. */
  readonly timeRepeated: boolean
}

interface MachineRows {
  readonly path: MachinePath
  rows: number
  lastTime: Micros
}

/** Returns the reader of rows. Throws `ConfigError` when the machine's path does not fit the grouping. */
export function rowReader(columns: Columns, choices: RowChoices): (fields: readonly string[]) => RowResult {
  const placeholder = columns.group === undefined ? undefined : `{${columns.names[columns.group]}}`
  checkTemplate(choices.machine, placeholder)
  const machines = new Map<string, MachineRows>()

  function machineOfRow(fields: readonly string[]): MachineRows | string {
    const group = columns.group === undefined ? '' : (fields[columns.group] ?? '').trim()
    const known = machines.get(group)
    if (known) return known
    const path = placeholder === undefined ? choices.machine : choices.machine.replaceAll(placeholder, group)
    const fault =
      columns.group !== undefined && (group === '' || group.includes('/'))
        ? `"${group}" in ${columns.names[columns.group]} is no name`
        : machinePathFault(path)
    if (fault !== undefined) return `it names no machine: ${fault}`
    if (machines.size >= machinesMax) return `it names one machine more than the ${machinesMax} that one import may have`
    const machine = { path, rows: 0, lastTime: Number.NaN }
    machines.set(group, machine)
    return machine
  }

  return (fields) => {
    const lost = (reason: string): RowResult => ({ samples: [], faults: [reason], timeRepeated: false })
    if (fields.length !== columns.names.length && !endsInBlank(fields, columns.names.length))
      return lost(`the row has ${fields.length} fields, the file ${columns.names.length} columns`)
    const machine = machineOfRow(fields)
    if (typeof machine === 'string') return lost(machine)
    const time = timeOfRow(fields, columns, choices, machine.rows)
    if (typeof time === 'string') return lost(time)
    machine.rows++
    const timeRepeated = time === machine.lastTime
    machine.lastTime = time
    return { ...samplesOf(fields, columns, machine.path, formatTime(time)), timeRepeated }
  }
}

function checkTemplate(machine: string, placeholder: string | undefined): void {
  if (placeholder !== undefined && !machine.includes(placeholder))
    throw new ConfigError(`--group-by makes one machine per value: write ${placeholder} in --machine, e.g. "${machine}/${placeholder}"`)
  const other = /\{[^}]*\}/.exec(placeholder === undefined ? machine : machine.replaceAll(placeholder, 'x'))
  if (other) throw new ConfigError(`--machine has ${other[0]} in it, but only the column of --group-by can stand there`)
  const fault = placeholder === undefined ? machinePathFault(machine) : undefined
  if (fault !== undefined) throw new ConfigError(`--machine: ${fault}`)
}

/** A separator at the end of every line makes one empty field too many. */
function endsInBlank(fields: readonly string[], expected: number): boolean {
  return fields.length === expected + 1 && fields[expected]?.trim() === ''
}

function timeOfRow(fields: readonly string[], columns: Columns, { readTime, steps }: RowChoices, row: number): Micros | string {
  const cell = columns.time === undefined ? '' : (fields[columns.time] ?? '')
  const where = columns.time === undefined ? '' : `${columns.names[columns.time]}: `
  const time = steps ? steppedTime(steps, cell, row, columns.decimal) : readTime(cell)
  if (time === undefined)
    return steps
      ? `${where}"${cell}" is no number`
      : `${where}"${cell}" is no time such as 2026-01-31T12:00:00Z, nor seconds or milliseconds since 1970`
  return Number.isSafeInteger(time) && time >= 0 ? time : `${where}"${cell}" is a time before 1970 or after 2255`
}

function steppedTime(
  { start, step, numberColumn }: NonNullable<RowChoices['steps']>,
  cell: string,
  row: number,
  decimal: '.' | ',',
): Micros | undefined {
  const number = numberColumn ? readNumber(cell, decimal) : row
  return number === undefined ? undefined : Math.round(start + number * step)
}

function samplesOf(fields: readonly string[], { values, decimal }: Columns, machine: MachinePath, time: string) {
  const samples: PostedSample[] = []
  const faults: string[] = []
  for (const column of values) {
    const cell = fields[column.index] ?? ''
    if (isMissing(cell)) continue
    const value = valueOf(cell, column.kind, decimal)
    if (value === undefined) faults.push(`${column.column}: ${cellFault(cell, column.kind)}`)
    else samples.push({ tag: `${machine}/${column.tag}`, time, value })
  }
  return { samples, faults }
}

function valueOf(cell: string, kind: ValueColumn['kind'], decimal: '.' | ','): number | boolean | string | undefined {
  if (kind === 'number') return readNumber(cell, decimal)
  return kind === 'boolean' ? readBoolean(cell) : cell.length <= textLengthMax ? cell.trim() : undefined
}

function cellFault(cell: string, kind: ValueColumn['kind']): string {
  if (kind === 'text') return `the text is longer than ${textLengthMax} characters`
  return `"${cell.trim().slice(0, 100)}" is ${kind === 'number' ? 'no number' : 'neither true nor false'}`
}
