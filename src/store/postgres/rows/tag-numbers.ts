// The numbers of mirrored tags in `history.tag`, and the newest time written of each.
import type { Pool } from 'pg'
import type { Batch } from '#core/batch.ts'
import type { TagPath } from '#core/path.ts'
import type { Kind } from '#core/tag.ts'
import type { Micros } from '#core/time.ts'

export interface TagNumbers {
  /** Per entry of the batch's dictionary the tag's number, or -1 for one that is not mirrored; new tags get theirs. */
  of(batch: Batch): Promise<Int32Array>
  /** Whether a time is beyond all that were asked about of a tag; it is the newest from then on. */
  isNewest(number: number, time: Micros): boolean
}

const notMirrored = -1

/** The newest time of each tag that has rows; with day partitions a look into the newest day with rows of the tag. */
export async function newestTimes(pool: Pool): Promise<Map<TagPath, Micros>> {
  const { rows } = await pool.query<{ path: TagPath; time: string | number }>(
    `select path, (extract(epoch from time) * 1000000)::bigint as time from history.tag
     cross join lateral (select time from history.sample where sample.tag = tag.id order by time desc limit 1) as newest`,
  )
  return new Map(rows.map(({ path, time }) => [path, Number(time)]))
}

export function tagNumbers(pool: Pool, isChosen: (path: TagPath, kind: Kind) => boolean): TagNumbers {
  const known = new Map<TagPath, number>()
  let newest = new Float64Array(1024).fill(-Infinity)

  async function learn(paths: readonly TagPath[], kinds: readonly Kind[]): Promise<void> {
    // A conflict would use up a number, so it is left to those rare moments in which two processes learn of a tag.
    await pool.query(
      `insert into history.tag (path, kind) select path, kind from unnest($1::text[], $2::text[]) as new (path, kind)
       where not exists (select from history.tag where tag.path = new.path) order by path on conflict (path) do nothing`,
      [paths, kinds],
    )
    const { rows } = await pool.query<{ id: number; path: TagPath }>('select id, path from history.tag where path = any($1)', [paths])
    for (const { id, path } of rows) known.set(path, id)
  }

  return {
    async of({ tags, kinds }) {
      const chosen: number[] = []
      for (const [index, path] of tags.entries()) {
        if (known.has(path)) continue
        if (isChosen(path, kinds[index] as Kind)) chosen.push(index)
        else known.set(path, notMirrored)
      }
      if (chosen.length > 0)
        await learn(
          chosen.map((index) => tags[index] as TagPath),
          chosen.map((index) => kinds[index] as Kind),
        )
      return Int32Array.from(tags, (path) => known.get(path) as number)
    },
    isNewest(number, time) {
      if (number >= newest.length) {
        const grown = new Float64Array(Math.max(number + 1, newest.length * 2)).fill(-Infinity)
        grown.set(newest)
        newest = grown
      }
      if (time <= (newest[number] as number)) return false
      newest[number] = time
      return true
    },
  }
}
