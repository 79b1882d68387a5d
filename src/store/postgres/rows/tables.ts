// The tables and the view of the schema `history`, where SQL users find the mirrored rows. They are made once and then left as they are.
import type { Pool, PoolClient } from 'pg'
import type { Logger } from 'pino'
import { messageOf } from '#core/errors.ts'
import { dayPartitions, partitionedTable } from './day-partitions.ts'
import { alone, type Layout } from './layout.ts'
import { hypertable, hypertableStatements, isTimescaleAvailable } from './timescale.ts'

const tagTable = `
  create schema if not exists history;
  create table if not exists history.tag (
    id int generated always as identity primary key,
    path text not null unique,
    kind text not null,
    machine text generated always as (regexp_replace(path, '/[^/]*$', '')) stored,
    name text generated always as (regexp_replace(path, '^.*/', '')) stored
  )`

const samplesView = `
  create view history.samples as
    select tag.path as tag, tag.machine, tag.name, sample.time, sample.value, sample.text, sample.quality,
      case when sample.quality < 64 then 'good' when sample.quality < 128 then 'uncertain' else 'bad' end as status
    from history.sample join history.tag on tag.id = sample.tag`

/** Makes what is missing and says how the samples are laid out. */
export async function openTables(pool: Pool, log: Pick<Logger, 'warn'>): Promise<Layout> {
  const found = await withClient(pool, (client) =>
    alone(client, async () => {
      await client.query(tagTable)
      return { layout: await layoutOf(client), mayUseTimescale: await isTimescaleAvailable(client) }
    }),
  )
  return found.layout ?? (found.mayUseTimescale ? await makeHypertable(pool, log) : undefined) ?? makePartitioned(pool)
}

/** Lends a connection; one on which something failed is not used again. */
export async function withClient<T>(pool: Pool, use: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  try {
    const result = await use(client)
    client.release()
    return result
  } catch (error) {
    client.release(true)
    throw error
  }
}

/** How the table that is there is laid out. */
async function layoutOf(client: PoolClient): Promise<Layout | undefined> {
  const { rows } = await client.query<{ relkind: string }>("select relkind from pg_class where oid = to_regclass('history.sample')")
  if (rows[0] === undefined) return undefined
  return rows[0].relkind === 'p' ? dayPartitions() : hypertable()
}

/** A refusal may end the connection (an extension that is not preloaded does), so this has one of its own. */
async function makeHypertable(pool: Pool, log: Pick<Logger, 'warn'>): Promise<Layout | undefined> {
  try {
    return await withClient(pool, (client) =>
      alone(client, async () => {
        const there = await layoutOf(client)
        if (there) return there
        for (const statement of [...hypertableStatements, samplesView]) await client.query(statement)
        return hypertable()
      }),
    )
  } catch (error) {
    log.warn(`TimescaleDB is there but cannot be used (${messageOf(error)}); rows go into day partitions`)
    return undefined
  }
}

const makePartitioned = (pool: Pool): Promise<Layout> =>
  withClient(pool, (client) =>
    alone(client, async () => {
      const there = await layoutOf(client)
      if (!there) await client.query(`${partitionedTable}; ${samplesView}`)
      return there ?? dayPartitions()
    }),
  )
