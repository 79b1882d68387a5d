// TimescaleDB cannot be installed everywhere, so its functions are stood in for by some of the same names, parameters and types (API reference),
// and what only its grammar knows is left out. What the extension itself makes of the statements is not tested.
import type { Pool } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPool } from '#database/postgres.ts'
import { startPostgres, type PostgresServer } from '#test/support/postgres.ts'
import { hypertable, hypertableStatements, isTimescaleAvailable } from './timescale.ts'

const standIns = `
  create schema history;
  create table history.tag (id int primary key, path text);
  create table called (name text, arguments text);
  create function create_hypertable(relation regclass, time_column_name name, partitioning_column name = null, number_partitions int = null,
    associated_schema_name name = null, associated_table_prefix name = null, chunk_time_interval anyelement = null::bigint,
    create_default_indexes boolean = true, if_not_exists boolean = false) returns void language sql as
    $$ insert into called values ('create_hypertable', relation || ' by ' || chunk_time_interval) $$;
  create function add_compression_policy(hypertable regclass, compress_after interval, if_not_exists boolean = false) returns int language sql as
    $$ insert into called values ('add_compression_policy', hypertable || ' after ' || compress_after); select 1 $$;
  create function add_continuous_aggregate_policy(continuous_aggregate regclass, start_offset interval, end_offset interval,
    schedule_interval interval, if_not_exists boolean = false) returns int language sql as
    $$ insert into called values ('add_continuous_aggregate_policy', continuous_aggregate || ' from ' || start_offset || ' to ' || end_offset); select 1 $$;
  create function drop_chunks(relation regclass, older_than timestamptz = null, newer_than timestamptz = null) returns setof text language sql as
    $$ select '_timescaledb_internal._hyper_1_1_chunk' where older_than = '2026-03-01 00:00:00+00' $$;
  create function time_bucket(bucket_width interval, ts timestamptz) returns timestamptz language sql immutable as
    $$ select date_bin(bucket_width, ts, '2000-01-03 00:00:00+00') $$;
  create function earlier(state float8[], value float8, at timestamptz) returns float8[] language sql immutable as
    $$ select case when state is null or extract(epoch from at) < state[2] then array[value, extract(epoch from at)::float8] else state end $$;
  create function later(state float8[], value float8, at timestamptz) returns float8[] language sql immutable as
    $$ select case when state is null or extract(epoch from at) > state[2] then array[value, extract(epoch from at)::float8] else state end $$;
  create function its_value(state float8[]) returns float8 language sql immutable as $$ select state[1] $$;
  create aggregate first(float8, timestamptz) (sfunc = earlier, stype = float8[], finalfunc = its_value);
  create aggregate last(float8, timestamptz) (sfunc = later, stype = float8[], finalfunc = its_value)`

let server: PostgresServer
let pool: Pool
beforeAll(async () => {
  server = await startPostgres({ fsync: false })
  pool = createPool(await server.createDatabase())
})
afterAll(async () => {
  await pool.end()
  await server[Symbol.asyncDispose]()
})

test('the statements fit the functions that TimescaleDB documents, and its summaries say what the rows say', async () => {
  await pool.query(standIns)
  const grammar = [/^create extension/, /^alter table .* set \(timescaledb\./]
  const plain = hypertableStatements.filter((statement) => !grammar.some((only) => only.test(statement)))
  expect(plain).toHaveLength(hypertableStatements.length - 2)
  for (const statement of plain) await pool.query(statement.replace('with (timescaledb.continuous) ', ''))
  expect((await pool.query({ text: 'select * from called', rowMode: 'array' })).rows).toEqual([
    ['create_hypertable', 'history.sample by 1 day'],
    ['add_compression_policy', 'history.sample after 7 days'],
    ['add_continuous_aggregate_policy', 'history.sample_hourly from 3 days to 01:00:00'],
    ['add_continuous_aggregate_policy', 'history.sample_daily from 3 days to 1 day'],
  ])

  await pool.query(`insert into history.tag values (1, 'm/x');
    insert into history.sample select 1, '2026-03-01 00:00:00+00'::timestamptz + n * interval '10 minutes', n, null, case n when 7 then 128 else 0 end
      from generate_series(0, 11) as n;
    refresh materialized view history.sample_hourly; refresh materialized view history.sample_daily`)
  const hourly =
    "select tag, to_char(time at time zone 'utc', 'DD HH24:MI'), count, min, max, mean, first, last from history.hourly order by time"
  expect((await pool.query({ text: hourly, rowMode: 'array' })).rows).toEqual([
    ['m/x', '01 00:00', 6, 0, 5, 2.5, 0, 5],
    ['m/x', '01 01:00', 5, 6, 11, 8.8, 6, 11],
  ])
  expect((await pool.query({ text: 'select count, last from history.daily', rowMode: 'array' })).rows).toEqual([[11, 11]])

  const client = await pool.connect()
  expect(await hypertable().drop(client, Date.UTC(2026, 2, 1) * 1000)).toEqual(['_timescaledb_internal._hyper_1_1_chunk'])
  expect(await isTimescaleAvailable(client)).toBe(
    (await client.query("select from pg_available_extensions where name = 'timescaledb'")).rowCount === 1,
  )
  client.release()
})
