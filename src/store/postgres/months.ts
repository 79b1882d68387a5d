// Chunks and arrays lie in one table per month (of their start, UTC), made when the first of a month comes, and dropped when the last is gone: that
// gives its space back at once.
import type { ClientBase, Pool } from 'pg'
import type { Micros } from '#core/time.ts'
import { endOfMonths, firstMonth, lockSchema, transaction, type Partitioned } from './schema.ts'
import { query, statement } from './sql.ts'

/** Sealing rewrites short chunks until they are full, so much becomes free that PostgreSQL shall use again early. */
const vacuumEarly = 'autovacuum_vacuum_scale_factor = 0.05, toast.autovacuum_vacuum_scale_factor = 0.05'

/** How long dropping waits for others before it leaves the month for another time; they wait behind it meanwhile. */
const dropWaitMs = 500

const partsOf = statement(
  'parts',
  `select relname from pg_inherits join pg_class on pg_class.oid = inhrelid
   where inhparent in ('telemetry.chunk'::regclass, 'telemetry.array_sample'::regclass) and relname ~ '_[0-9]{6}$' order by relname`,
)

export class Months {
  #made: Set<string> | undefined

  /** Sees to it that there is a table for rows of these times. Inside a transaction, at whose end others may make tables again. */
  async prepare(client: ClientBase, table: Partitioned, times: readonly Micros[]): Promise<void> {
    const missing = new Map<string, Micros>()
    for (const time of times) {
      const name = nameOf(table, time)
      if (name !== undefined && !this.#made?.has(name)) missing.set(name, time)
    }
    if (missing.size === 0) return
    this.#made = await months(client)
    if ([...missing.keys()].every((name) => this.#made?.has(name))) return
    await lockSchema(client)
    const made = await months(client)
    for (const [name, time] of missing) if (!made.has(name)) await client.query(attach(table, name, time))
    this.#made = undefined
  }

  /** Others may have dropped months, or a transaction that made some has failed. */
  forget(): void {
    this.#made = undefined
  }
}

/** Drops the months in which nothing is left; what is in use right now waits for the next time. */
export async function dropEmptyMonths(pool: Pool): Promise<void> {
  for (const name of await months(pool)) {
    try {
      if (await hasRows(pool, name)) continue
      await transaction(pool, async (client) => {
        await client.query(`set local lock_timeout = ${dropWaitMs}; lock table telemetry.${name} in access exclusive mode`)
        if (!(await hasRows(client, name))) await client.query(`drop table telemetry.${name}`)
      })
    } catch {
      // Somebody reads or writes it, or has just dropped it.
    }
  }
}

async function months(on: Pool | ClientBase): Promise<Set<string>> {
  return new Set((await query(on, partsOf)).map(([name]) => name as string))
}

async function hasRows(on: Pool | ClientBase, name: string): Promise<boolean> {
  const { rows } = await on.query<{ found: boolean }>(`select exists(select from telemetry.${name}) as found`)
  return rows[0]?.found === true
}

/** Undefined for a time whose table is always there. */
function nameOf(table: Partitioned, time: Micros): string | undefined {
  if (time < firstMonth || time >= endOfMonths) return undefined
  return `${table}_${new Date(time / 1000).toISOString().slice(0, 7).replace('-', '')}`
}

/** Attaching disturbs no reader and no writer, unlike `create table … partition of`. */
function attach(table: Partitioned, name: string, time: Micros): string {
  const date = new Date(time / 1000)
  const start = (month: number) => Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + month) * 1000
  return `create table telemetry.${name} (like telemetry.${table} including all) with (${vacuumEarly});
    alter table telemetry.${table} attach partition telemetry.${name} for values from (${start(0)}) to (${start(1)})`
}
