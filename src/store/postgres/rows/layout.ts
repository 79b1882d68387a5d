// How `history.sample` is laid out over time: day partitions, or a TimescaleDB hypertable.
import type { ClientBase } from 'pg'
import type { Micros } from '#core/time.ts'

export const sampleColumns = `tag int not null, time timestamptz(6) not null, value double precision, text text, quality smallint not null,
  primary key (tag, time)`

/** No fewer days may be kept: TimescaleDB's daily summary looks back so far, and would forget what it summed up of days that are gone. */
export const keepDaysMin = 3

export interface Layout {
  /** Makes room for rows of these days, counted from 1970-01-01 UTC. */
  prepare(client: ClientBase, days: ReadonlySet<number>): Promise<void>
  /** Drops what lies wholly before a time, the start of a day. Resolves with what went, in words for the log. */
  drop(client: ClientBase, before: Micros): Promise<readonly string[]>
}

/** Runs statements in one transaction that no other Millwright's changes of these tables overlap. */
export async function alone<T>(client: ClientBase, change: () => Promise<T>): Promise<T> {
  await client.query('begin')
  try {
    await client.query(`select pg_advisory_xact_lock(${schemaLock})`)
    const result = await change()
    await client.query('commit')
    return result
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  }
}

/** Any number that nobody else uses; this one spells "mill". */
const schemaLock = 0x6d696c6c
