// TimescaleDB in place of day partitions: a hypertable, compressed after a week, with hourly and daily summaries that it keeps up itself.
// Written against its documentation (API reference, versions 2.11 to 2.24); where any of it is refused, day partitions take over.
import type { ClientBase } from 'pg'
import { formatTime } from '#core/time.ts'
import { keepDaysMin, sampleColumns, type Layout } from './layout.ts'

/** The first version that takes late rows and `on conflict do update` in compressed chunks. */
const versionMin = [2, 11] as const
const compressAfterDays = 7

/** Whether the extension is there, or could be made, in a version that will do. */
export async function isTimescaleAvailable(client: ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ version: string | null }>(
    "select coalesce(installed_version, default_version) as version from pg_available_extensions where name = 'timescaledb'",
  )
  const [major = 0, minor = 0] = (rows[0]?.version ?? '').split('.').map(Number)
  return major > versionMin[0] || (major === versionMin[0] && minor >= versionMin[1])
}

/** The statements that make the hypertable and its summaries, in order. All of them can run in one transaction. */
export const hypertableStatements: readonly string[] = [
  'create extension if not exists timescaledb',
  `create table history.sample (${sampleColumns})`,
  "select create_hypertable('history.sample', 'time', chunk_time_interval => interval '1 day', create_default_indexes => false)",
  `alter table history.sample set (timescaledb.compress, timescaledb.compress_segmentby = 'tag', timescaledb.compress_orderby = 'time desc')`,
  `select add_compression_policy('history.sample', compress_after => interval '${compressAfterDays} days')`,
  ...summary('hourly', '1 hour'),
  ...summary('daily', '1 day'),
]

/** A summary per bucket. What comes later than the window that is refreshed is summed up only by `refresh_continuous_aggregate`. */
function summary(name: string, bucket: string): string[] {
  return [
    `create materialized view history.sample_${name} with (timescaledb.continuous) as
      select tag, time_bucket(interval '${bucket}', time) as time, count(value) as count, min(value) as min, max(value) as max,
        avg(value) as mean, first(value, time) as first, last(value, time) as last
      from history.sample where value is not null and quality < 128 group by tag, time_bucket(interval '${bucket}', time)
      with no data`,
    `select add_continuous_aggregate_policy('history.sample_${name}', start_offset => interval '${keepDaysMin} days', end_offset => interval '${bucket}',
      schedule_interval => interval '${bucket}')`,
    `create view history.${name} as select tag.path as tag, time, count, min, max, mean, first, last
      from history.sample_${name} as summary join history.tag on tag.id = summary.tag`,
  ]
}

export const dropStatement = "select drop_chunks('history.sample', older_than => $1::timestamptz) as chunk"

export function hypertable(): Layout {
  return {
    prepare: async () => {},
    async drop(client, before) {
      const { rows } = await client.query<{ chunk: string }>(dropStatement, [formatTime(before)])
      return rows.map(({ chunk }) => chunk)
    },
  }
}
