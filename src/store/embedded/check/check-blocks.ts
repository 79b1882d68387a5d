// The roll-ups of a tag: each can be read, lies in its day and, where the samples are kept, sums them up.
import { messageOf } from '#core/errors.ts'
import { dayUs, formatTime, hourUs } from '#core/time.ts'
import { rollUpDay, summariesOfDay } from '#store/engine/roll-up.ts'
import type { Tier } from '#store/engine/shelf.ts'
import { blockId, dayOfBlock } from '#store/embedded/schema.ts'
import { column, summaryWidth } from '#store/rollup/summary.ts'
import { decodeSummaries } from '#store/rollup/summaries-codec.ts'
import { coarserSummaries } from '#store/rollup/summary-table.ts'
import { byRepair, fromBackup, type CheckedTag, type Checking, type Finding, type Span } from './checking.ts'
import { sameSummaries } from './same-summaries.ts'

const tiers = ['minute', 'hour'] as const

/** `gaps`: days with rows that cannot be read say nothing of their blocks. */
export async function checkBlocks({ connection, reader, found, step }: Checking, tag: CheckedTag, gaps: readonly Span[]): Promise<void> {
  const [first, end] = [blockId(tag.id, -Infinity), blockId(tag.id, Infinity)]
  const ids = connection.prepare(
    `select id, minute_block.bytes as minute, hour_block.bytes as hour from
      (select id from minute_block where id between ?1 and ?2 union select id from hour_block where id between ?1 and ?2)
      left join minute_block using (id) left join hour_block using (id) order by id`,
  )
  for (const row of ids.iterate(first, end)) {
    const { id, ...stored } = row as unknown as { id: number } & Record<Tier, Uint8Array | null>
    const day = dayOfBlock(id)
    const [from, to] = [day * dayUs, (day + 1) * dayUs]
    const isKept = from >= (tag.kept_from ?? -Infinity) && !gaps.some((gap) => gap.start < to && gap.end >= from)
    const summed = isKept ? await summariesOfDay(reader, tag.id, day, async () => {}) : undefined
    const tables = { minute: readable(stored.minute), hour: readable(stored.hour) }
    for (const tier of tiers) {
      const table = tables[tier]
      const fault = table === undefined ? undefined : faultOf(table, summed?.[tier], from, to)
      if (fault === undefined) continue
      const text = `the ${tier}s of ${tag.path} on ${formatTime(from).slice(0, 10)} ${fault}`
      found(findingOf(text, tag.id, day, tier, summed !== undefined, tables.minute))
    }
    await step()
  }
}

/** The table, or why it cannot be read; undefined where there is none. */
function readable(bytes: Uint8Array | null): Float64Array | string | undefined {
  if (!bytes) return undefined
  try {
    return decodeSummaries(bytes)
  } catch (error) {
    return messageOf(error)
  }
}

function faultOf(table: Float64Array | string, expected: Float64Array | undefined, from: number, to: number): string | undefined {
  if (typeof table === 'string') return `cannot be read (${table})`
  let before = from - 1
  for (let at = 0; at < table.length; at += summaryWidth) {
    const [first, last] = [table[at + column.firstTime] as number, table[at + column.lastTime] as number]
    if (!(first > before && last >= first && last < to)) return 'are not those of that day'
    before = last
  }
  return expected && !sameSummaries(table, expected) ? 'are not those of its samples' : undefined
}

function findingOf(
  text: string,
  tag: number,
  day: number,
  tier: Tier,
  isKept: boolean,
  minutes: Float64Array | string | undefined,
): Finding {
  const pause = async () => {}
  if (isKept)
    return {
      text,
      mend: byRepair,
      async repair(shelf) {
        for (const one of tiers) shelf.deleteBlocks(tag, one, day, day + 1)
        await rollUpDay(shelf, tag, day, false, pause)
      },
    }
  if (tier === 'hour' && typeof minutes === 'object')
    return { text, mend: byRepair, repair: (shelf) => shelf.putBlock(tag, 'hour', { day, summaries: coarserSummaries(minutes, hourUs) }) }
  return { text, mend: fromBackup }
}
