// Brings rows into `history.sample` by COPY, in one transaction: last write wins, and rows that are there already change nothing.
import { finished } from 'node:stream/promises'
import type { ClientBase } from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import type { CopyRows } from './copy-rows.ts'
import { isUniqueViolation } from './failure.ts'

const columns = '(tag, time, value, text, quality)'

/**
 * Commits rows that should be new, and after them those that may meet a row that is there. The former go straight into the table; where one of
 * them is there after all, everything goes the long way.
 */
export async function commitRows(client: ClientBase, ahead: CopyRows, late: CopyRows): Promise<void> {
  try {
    await transaction(client, async () => {
      if (ahead.count > 0) await copy(client, 'history.sample', ahead)
      if (late.count > 0) await merge(client, [late])
    })
  } catch (error) {
    if (!isUniqueViolation(error)) throw error
    await transaction(client, () => merge(client, [ahead, late]))
  }
}

async function transaction(client: ClientBase, act: () => Promise<void>): Promise<void> {
  await client.query('begin')
  try {
    await act()
    await client.query('commit')
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  }
}

async function copy(client: ClientBase, target: string, rows: CopyRows): Promise<void> {
  const stream = client.query(copyFrom(`copy ${target} ${columns} from stdin (format binary)`))
  stream.end(rows.finish())
  await finished(stream)
}

/** Lays rows over those that are there; of equal times the one that came last wins, which is that with the greatest place in the table. */
async function merge(client: ClientBase, parts: readonly CopyRows[]): Promise<void> {
  await client.query(
    'create temp table if not exists incoming (tag int, time timestamptz, value float8, text text, quality int2) on commit delete rows',
  )
  for (const rows of parts) if (rows.count > 0) await copy(client, 'pg_temp.incoming', rows)
  await client.query(`
    insert into history.sample as kept ${columns}
    select distinct on (tag, time) tag, time, value, text, quality from pg_temp.incoming order by tag, time, ctid desc
    on conflict (tag, time) do update set value = excluded.value, text = excluded.text, quality = excluded.quality
    where (kept.value, kept.text, kept.quality) is distinct from (excluded.value, excluded.text, excluded.quality)`)
}
