// What sealing will read of the tags of a part, fetched by one question: how far they are rolled up, their newest chunks, and the bytes of those
// that will be joined or merged with new rows.
import { chunkRowsTarget } from '#store/chunk/chunk-codec.ts'
import { tailChunksMax } from '#store/engine/seal-tag.ts'
import type { Chunk } from '#store/engine/shelf.ts'
import { statement, type Ask } from './sql.ts'

export interface Expected {
  readonly rolledUntil: number
  /** Up to `tailChunksMax`, newest first, with the bytes of some. */
  readonly newest: { readonly chunk: Chunk; readonly bytes: Uint8Array | null }[]
}

// A short chunk is joined when it is not much larger than what comes behind it; see seal-tag.ts.
const expected = statement(
  'expect',
  `select part.tag, rolled_until, start, "end", count,
     case when "end" >= part.first or (count <= 2 * (part.rows + behind) and count + part.rows <= ${chunkRowsTarget}) then bytes end
   from unnest($1::int[], $2::bigint[], $3::int[]) as part(tag, first, rows)
   left join telemetry.tag on id = part.tag
   left join lateral (
     select start, "end", count, bytes,
       coalesce(sum(count) over (order by start desc rows between unbounded preceding and 1 preceding), 0) as behind
     from (select start, "end", count, bytes from telemetry.chunk where chunk.tag = part.tag order by start desc limit ${tailChunksMax}) as tail
   ) as newest on true
   order by part.tag, start desc`,
)

export async function expectTags(
  ask: Ask,
  part: { readonly id: Uint32Array; readonly count: Uint32Array; readonly time: Float64Array },
): Promise<Map<number, Expected>> {
  const tags: number[] = []
  const firsts: number[] = []
  const counts: number[] = []
  let at = 0
  for (const [index, count] of part.count.entries()) {
    if (count > 0) {
      tags.push(part.id[index] as number)
      firsts.push(part.time[at] as number)
      counts.push(count)
    }
    at += count
  }
  const found = new Map<number, Expected>()
  if (tags.length === 0) return found
  for (const row of await ask(expected, [tags, firsts, counts])) {
    const [tag, rolledUntil, start, end, count, bytes] = row as [number, number | null, number | null, number, number, Uint8Array | null]
    let one = found.get(tag)
    if (!one) found.set(tag, (one = { rolledUntil: rolledUntil ?? -Infinity, newest: [] }))
    if (start !== null) one.newest.push({ chunk: { tag, start, end, count, summaries: undefined, data: start }, bytes })
  }
  return found
}
