// What a partition's owner asks PostgreSQL for beside what it gathers; see pg-writer.ts.
import { rowBytes } from './gathered.ts'
import { statement } from './sql.ts'

export const rolledUntil = statement('rolled', 'select rolled_until from telemetry.tag where id = $1')
export const tagOf = statement('tag', 'select path, kind from telemetry.tag where id = $1')
export const renewed = statement('renewed', 'update telemetry.tag set renewed = version where id = $1')
export const deleteTag = statement(
  'delete tag',
  `with gone as (delete from telemetry.tag where id = $1 returning partition)
   update telemetry.partition set deletions = deletions + 1 from gone where partition.partition = gone.partition`,
)
export const quarantine = statement(
  'quarantine',
  `insert into telemetry.damaged_chunk select tag, start, "end", count, bytes from telemetry.chunk where tag = $1 and start = $2`,
)
export const arrayTags = statement('array tags', "select id from telemetry.tag where partition = $1 and kind = 'array'")
export const arraysThere = statement(
  'arrays there',
  `select count(*), coalesce(sum(coalesce(octet_length(bytes), 0) + ${rowBytes}), 0)::bigint
   from telemetry.array_sample where tag = $1 and time = any($2::bigint[])`,
)
export const insertArrays = statement(
  'insert arrays',
  `insert into telemetry.array_sample(tag, time, quality, statistics, bytes)
   select $1, * from unnest($2::bigint[], $3::smallint[], $4::bytea[], $5::bytea[])
   on conflict(tag, time) do update set quality = excluded.quality, statistics = excluded.statistics, bytes = excluded.bytes`,
)
export const deleteArrays = statement(
  'delete arrays',
  `with gone as (delete from telemetry.array_sample where tag = $1 and time >= $2 and time < $3
     returning coalesce(octet_length(bytes), 0) as size)
   select count(*), coalesce(sum(size + ${rowBytes}), 0)::bigint from gone`,
)
export const saveOrigins = statement(
  'save origins',
  `insert into telemetry.origin(partition, source, sequence) select $1, * from unnest($2::text[], $3::bigint[])
   on conflict(partition, source) do update set sequence = excluded.sequence`,
)
export const saveTotals = statement(
  'save totals',
  `update telemetry.partition set samples = $2, replaced = $3, expired = $4, bytes = greatest(0, bytes + $5::bigint),
     version = version + 1, segment = coalesce($6::bigint, segment), log = case when $6::bigint is null then log else $7 end
   where partition = $1`,
)
export const survey = statement(
  'survey',
  `select (select bytes from telemetry.partition where partition = $1), min(first) from (
     select min("end") as first from telemetry.chunk where tag in (select id from telemetry.tag where partition = $1)
     union all select min(time) from telemetry.array_sample where tag in (select id from telemetry.tag where partition = $1)) as firsts`,
)
