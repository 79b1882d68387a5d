// How the chunk store speaks to PostgreSQL: named statements, prepared once per connection; rows as arrays; int8 as numbers; bytes as bytes.
import { types, type ClientBase, type Pool, type QueryArrayConfig, type QueryConfig } from 'pg'
import type { Micros } from '#core/time.ts'

export interface Statement {
  readonly name: string
  readonly text: string
}

/** Its columns in order. */
export type Row = readonly unknown[]

/** Asks one statement with its parameters. */
export type Ask = (statement: Statement, values?: readonly unknown[]) => Promise<Row[]>

/** A name that belongs to one text. */
export const statement = (name: string, text: string): Statement => ({ name: `telemetry ${name}`, text })

const parsers: Record<number, (text: string) => unknown> = {
  [types.builtins.INT8]: Number,
  [types.builtins.BYTEA](text) {
    const { buffer, byteOffset, length } = Buffer.from(text.slice(2), 'hex')
    return new Uint8Array(buffer, byteOffset, length)
  },
}

/** A server that is silent for so long is as good as gone. */
const timeoutMs = 120_000

export async function query(on: Pool | ClientBase, { name, text }: Statement, values: readonly unknown[] = []): Promise<Row[]> {
  const config: QueryArrayConfig & { query_timeout: number } = {
    name,
    text,
    values: [...values],
    rowMode: 'array',
    query_timeout: timeoutMs,
    types: { getTypeParser: (id, format) => parsers[id] ?? types.getTypeParser(id, format) },
  }
  return (await on.query<unknown[]>(config)).rows
}

/** Statements without parameters and answer. */
export async function run(on: Pool | ClientBase, text: string): Promise<void> {
  const config: QueryConfig & { query_timeout: number } = { text, query_timeout: timeoutMs }
  await on.query(config)
}

/** All times lie between them. */
const timeMax = 2 ** 53

/** A bound of times as an int8; compared with whole times it is as good as its next whole number. */
export const bound = (time: Micros): number => Math.ceil(Math.min(Math.max(time, -timeMax), timeMax))

/** The numbers of a bytea that holds them as they are in memory. */
export const float64s = (bytes: Uint8Array): Float64Array => new Float64Array(new Uint8Array(bytes).buffer)
export const bytesOfFloat64s = (values: Float64Array): Uint8Array => new Uint8Array(values.buffer, values.byteOffset, values.byteLength)

const byteaOid = types.builtins.BYTEA
const headerBytes = 20

/** A bytea[] in PostgreSQL's binary form (array_recv in its arrayfuncs.c): as text it would take twice the space, and much time. */
export function byteaArray(items: readonly (Uint8Array | null)[]): Buffer {
  const bytes = Buffer.allocUnsafe(items.reduce((sum, item) => sum + 4 + (item?.length ?? 0), headerBytes))
  let at = 0
  const [dimensions, hasNulls, lowerBound] = [1, items.includes(null) ? 1 : 0, 1]
  for (const number of [dimensions, hasNulls, byteaOid, items.length, lowerBound]) at = bytes.writeInt32BE(number, at)
  for (const item of items) {
    at = bytes.writeInt32BE(item?.length ?? -1, at)
    if (!item) continue
    bytes.set(item, at)
    at += item.length
  }
  return bytes
}

/** A text as PostgreSQL can hold it: U+0000 and half a surrogate pair become U+FFFD. */
export const legalText = (text: string): string => text.replaceAll('\0', '\u{fffd}').toWellFormed()
