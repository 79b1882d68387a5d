// What holds the store together: nothing belongs to a tag that is not there, no content to no chunk, and the count is right.
import { tagOfBlock } from '#store/embedded/schema.ts'
import { byRepair, fromBackup, type Checking } from './checking.ts'

const countOfSamples = '(select coalesce(sum(count), 0) from chunk) + (select count(*) from array_sample)'

export function checkIndex({ connection, found }: Checking): void {
  const count = (sql: string) => Number(connection.prepare(`select count(*) as count from ${sql}`).get()?.['count'])
  const isStray = (of: string) => `where ${of} not in (select id from tag)`
  for (const [what, from] of [
    ['chunks', `chunk ${isStray('tag')}`],
    ['arrays', `array_sample ${isStray('tag')}`],
    ['minutes', `minute_block ${isStray(tagOfBlock)}`],
    ['hours', `hour_block ${isStray(tagOfBlock)}`],
  ] as const) {
    const strays = count(from)
    if (strays > 0) found({ text: `${strays} ${what} are of tags that are not there`, mend: fromBackup })
  }
  const ownerless = count(`chunk_data where ${withoutOwner}`)
  if (ownerless > 0)
    found({
      text: `the content of ${ownerless} chunks belongs to no chunk`,
      mend: `${fromBackup}; --repair moves it aside`,
      repair: (_, connection) =>
        connection.exec(
          `insert into damaged_chunk(bytes) select bytes from chunk_data where ${withoutOwner}; delete from chunk_data where ${withoutOwner}`,
        ),
    })
  const shared = count('(select 1 from chunk group by data having count(*) > 1)')
  if (shared > 0) found({ text: `${shared} chunks share their content with others`, mend: fromBackup })
  const { noted, samples } = connection
    .prepare(`select (select value from meta where name = 'samples') as noted, ${countOfSamples} as samples`)
    .get() as { noted: number | null; samples: number }
  if ((noted ?? 0) !== samples)
    found({ text: `${noted ?? 0} samples are noted, and there are ${samples}`, mend: byRepair, repair: () => {} })
}

const withoutOwner = 'id not in (select data from chunk)'

/** Part of every repair: what was moved aside does not count any more. */
export const noteSamples = `insert into meta select 'samples', ${countOfSamples} where true on conflict(name) do update set value = excluded.value`
