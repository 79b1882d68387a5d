// Day partitions of `history.sample`, made as rows come and dropped when they are too old.
import type { ClientBase } from 'pg'
import { dayUs, formatTime } from '#core/time.ts'
import { alone, sampleColumns, type Layout } from './layout.ts'

/** How long dropping waits for somebody's long query before it leaves the partition for the next time. */
const dropWaitMs = 2000

export const partitionedTable = `create table history.sample (${sampleColumns}) partition by range (time)`

export function dayPartitions(): Layout {
  const made = new Set<number>()
  return {
    async prepare(client, days) {
      const missing = [...days].filter((day) => !made.has(day))
      if (missing.length === 0) return
      await alone(client, async () => {
        const there = new Set(await partitions(client))
        for (const day of missing) if (!there.has(day)) await client.query(attach(day))
      })
      for (const day of missing) made.add(day)
    },
    async drop(client, before) {
      const dropped: string[] = []
      for (const day of await partitions(client)) {
        if ((day + 1) * dayUs > before) continue
        await alone(client, async () => {
          await client.query(`set local lock_timeout = ${dropWaitMs}`)
          await client.query(`drop table ${nameOf(day)}`)
        })
        made.delete(day)
        dropped.push(dateOf(day))
      }
      return dropped
    },
  }
}

const dateOf = (day: number) => formatTime(day * dayUs).slice(0, 10)
const nameOf = (day: number) => `history.sample_${dateOf(day).replaceAll('-', '')}`

/** Attaching disturbs no reader, unlike `create table … partition of`. */
const attach = (day: number) => `
  create table ${nameOf(day)} (like history.sample including all);
  alter table history.sample attach partition ${nameOf(day)}
    for values from ('${dateOf(day)} 00:00:00+00') to ('${dateOf(day + 1)} 00:00:00+00')`

/** The days that have a partition. */
async function partitions(client: ClientBase): Promise<number[]> {
  const { rows } = await client.query<{ name: string }>(
    "select relname as name from pg_inherits join pg_class on pg_class.oid = inhrelid where inhparent = 'history.sample'::regclass",
  )
  return rows.flatMap(({ name }) => {
    const date = /^sample_(\d{4})(\d\d)(\d\d)$/.exec(name)
    return date ? [Date.UTC(Number(date[1]), Number(date[2]) - 1, Number(date[3])) / (dayUs / 1000)] : []
  })
}
