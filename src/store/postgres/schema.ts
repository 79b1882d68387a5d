// The schema `telemetry` in PostgreSQL, and bringing it to the present version. Bytea columns keep what SQL's types cannot: NaN and -0 as they are,
// and texts with U+0000.
import type { ClientBase, Pool } from 'pg'
import { ConfigError } from '#core/errors.ts'
import { query, run, statement } from './sql.ts'

const schemaVersion = 1
/** The key of the lock under which tables are made; any number that nobody else uses. */
const schemaLock = 0x6d_69_6c_6d

/** Tables of the past and of a far future, in which months are not told apart. */
const edges = ['before', 'after'] as const

/** Months begin here, and end there; see `months.ts`. */
export const firstMonth = Date.UTC(2000, 0) * 1000
export const endOfMonths = Date.UTC(2100, 0) * 1000

export const partitioned = ['chunk', 'array_sample'] as const
export type Partitioned = (typeof partitioned)[number]

const bounds = { before: `(minvalue) to (${firstMonth})`, after: `(${endOfMonths}) to (maxvalue)` }
const edgeTables = partitioned.flatMap((table) =>
  edges.map((edge) => `create table telemetry.${table}_${edge} partition of telemetry.${table} for values from ${bounds[edge]};`),
)

/** One entry per version: what brings the schema there from the one before. */
const migrations = [
  `
  create table telemetry.partition(
    partition int primary key, epoch bigint not null, version bigint not null default 0, deletions bigint not null default 0,
    log text not null default '', segment bigint not null default 0,
    samples bigint not null default 0, replaced bigint not null default 0, expired bigint not null default 0, bytes bigint not null default 0);
  create table telemetry.tag(
    id int primary key, path text not null unique, kind text not null, partition int not null, version bigint not null, renewed bigint not null default 0,
    latest_time bigint, latest_value bytea, latest_quality smallint, latest_text bytea, kept_from bigint, rolled_until int);
  create index on telemetry.tag(partition);
  create table telemetry.origin(partition int, source text, sequence bigint not null, primary key(partition, source));
  create table telemetry.chunk(
    tag int not null, start bigint not null, "end" bigint not null, count int not null, summaries bytea, bytes bytea not null,
    primary key(tag, start)) partition by range(start);
  alter table telemetry.chunk alter bytes set storage external;
  create table telemetry.array_sample(
    tag int not null, time bigint not null, quality smallint not null, statistics bytea, bytes bytea,
    primary key(tag, time)) partition by range(time);
  alter table telemetry.array_sample alter bytes set storage external;
  ${edgeTables.join('\n')}
  create table telemetry.minute_block(tag int, day int, bytes bytea not null, primary key(tag, day));
  alter table telemetry.minute_block alter bytes set storage external;
  create table telemetry.hour_block(tag int, day int, bytes bytea not null, primary key(tag, day));
  alter table telemetry.hour_block alter bytes set storage external;
  create table telemetry.damaged_chunk(tag int, start bigint, "end" bigint, count int, bytes bytea);`,
]

/** Holds others off from making tables until the transaction ends. */
export async function lockSchema(client: ClientBase): Promise<void> {
  await query(client, statement('lock schema', 'select pg_advisory_xact_lock($1)'), [schemaLock])
}

/** Makes what is missing. Throws `ConfigError` for a newer version. */
export async function openSchema(pool: Pool): Promise<void> {
  await transaction(pool, async (client) => {
    await lockSchema(client)
    await client.query('create schema if not exists telemetry; create table if not exists telemetry.version(version int not null)')
    const [found] = await query(client, statement('version', 'select version from telemetry.version'))
    const version = Number(found?.[0] ?? 0)
    if (version > schemaVersion)
      throw new ConfigError(
        `the schema telemetry was written by a newer Millwright (format ${version}, this one reads ${schemaVersion}): start that one`,
      )
    if (version === schemaVersion) return
    for (const migration of migrations.slice(version)) await client.query(migration)
    await client.query(`delete from telemetry.version; insert into telemetry.version values (${schemaVersion})`)
  })
}

/** Lends a connection for one transaction; one on which something failed is not used again. */
export async function transaction<T>(pool: Pool, act: (client: ClientBase) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  try {
    await run(client, 'begin')
    const result = await act(client)
    await run(client, 'commit')
    client.release()
    return result
  } catch (error) {
    client.release(true)
    throw error
  }
}
