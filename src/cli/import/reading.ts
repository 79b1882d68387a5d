// How the rows of a table become samples, by what was asked: of one machine, of one per group, or in long form.
import { postResultSchema } from '#api/samples/schema.ts'
import { ConfigError } from '#core/errors.ts'
import type { Micros } from '#core/time.ts'
import { callServer } from '#cli/server.ts'
import { decideColumns } from './columns.ts'
import { longReader, postFrame } from './long.ts'
import { rowReader, type PostedSample, type RowResult } from './rows.ts'
import type { Table } from './table.ts'
import { timeReader, type EpochUnit } from './times.ts'
import type { PostResult } from './upload.ts'

export interface TableOptions {
  /** Absent for a table in long form. */
  readonly machine?: string
  readonly time?: string
  readonly timeColumnIs: 'time' | 'cycle'
  readonly timeUnit: EpochUnit | 'auto'
  readonly timeZone: string
  readonly start?: Micros
  readonly step?: Micros
  readonly decimal?: '.' | ','
  readonly columns?: string[]
  readonly groupBy?: string
  readonly tag?: Map<string, string>
  readonly skipColumns?: string[]
}

export interface Reading {
  readonly readRow: (fields: readonly string[]) => RowResult
  /** Which columns become what. */
  readonly said: readonly string[]
  readonly post: (server: string, samples: readonly PostedSample[], signal: AbortSignal) => Promise<PostResult>
}

/** Throws `ConfigError` when the options fit neither each other nor the table. */
export function readingOf(table: Table, options: TableOptions): Reading {
  const { machine } = options
  if (machine === undefined) return { readRow: longReader(table.header), said: [], post: postFrame }
  const steps = stepsOf(options)
  const readTime = timeReader(options.timeZone, options.timeUnit)
  const columns = decideColumns(table.header, table.seen, table.separator, (text) => readTime(text) !== undefined, {
    ...options,
    tags: options.tag ?? new Map(),
    skip: options.skipColumns ?? [],
    stepped: steps !== undefined,
  })
  return {
    readRow: rowReader(columns, { machine, readTime, ...(steps && { steps }) }),
    said: columns.values.map(({ column, tag, kind }) => `${column === tag ? column : `${column} → ${tag}`} (${kind})`),
    post: (server, body, signal) => callServer(server, 'samples', postResultSchema, { body, signal }),
  }
}

/** What --start, --step and --time-column-is say together. */
function stepsOf({ start, step, timeColumnIs, time }: TableOptions) {
  if (timeColumnIs === 'cycle' && time === undefined) throw new ConfigError('--time-column-is cycle needs --time COLUMN: which one counts?')
  if (timeColumnIs === 'time' && start === undefined && step === undefined) return undefined
  if (start === undefined || step === undefined) throw new ConfigError('rows without times need both --start TIME and --step DURATION')
  if (timeColumnIs === 'time' && time !== undefined)
    throw new ConfigError(
      '--time reads the times from a column, --start and --step make them up; leave one out, or add --time-column-is cycle',
    )
  return { start, step, numberColumn: timeColumnIs === 'cycle' }
}
