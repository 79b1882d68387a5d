// How an api process sees rows that are not in PostgreSQL yet: by asking their owner over NATS, or by having them sealed every second.
// What each costs writer and PostgreSQL, how long a question takes, and how old the newest row is that it shows.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Client } from 'pg'
import { startChild, type Child } from '#bench/support/child.ts'
import { cpuSeconds } from '#bench/support/process-figures.ts'
import { machine, markdownTable, printTable, writeResults } from '#bench/support/results.ts'
import { withScratch, type Scratch } from '#bench/support/scratch.ts'
import { median, percentile } from '#bench/support/statistics.ts'
import { connectNats } from '#bus/nats/connect.ts'
import { askOwners } from '#app/roles/questions.ts'
import { systemClock } from '#core/clock.ts'
import type { TagPath } from '#core/path.ts'
import { secondUs } from '#core/time.ts'
import { createPool } from '#database/postgres.ts'
import { decodeSource, encodeSource } from '#store/engine/source-bytes.ts'
import { noRows } from '#store/chunk/rows.ts'
import { createQueryStore, type QueryStore } from '#store/postgres/query-store.ts'
import { startNats } from '#test/support/nats.ts'
import { startPostgres } from '#test/support/postgres.ts'

const { values: asked } = parseArgs({
  options: { tags: { type: 'string', default: '1000' }, seconds: { type: 'string', default: '150' } },
})
const [tagCount, seconds] = [Number(asked.tags), Number(asked.seconds)]
const partitions = 4
const questionEveryMs = 50
const marks = 40
const clock = systemClock
const log = { info: () => {}, warn: console.warn }

interface Way {
  readonly name: string
  readonly sealAfterMs: number
  /** Whether the owner is asked, or PostgreSQL alone. */
  readonly asks: boolean
}

async function measure(scratch: Scratch, { name, sealAfterMs, asks }: Way) {
  const [nats, postgres] = await Promise.all([startNats(), startPostgres()])
  const endServers = scratch.atEnd(async () => {
    await Promise.all([nats[Symbol.asyncDispose](), postgres[Symbol.asyncDispose]()])
  })
  const databaseUrl = await postgres.createDatabase()
  const owner = await startChild(scratch, join(import.meta.dirname, 'owner.process.ts'))
  const tags = await owner.ask<TagPath[]>('start', { natsUrl: nats.url, databaseUrl, partitions, tags: tagCount, sealAfterMs })
  const link = await connectNats({ url: nats.url, name: 'api', clock, log })
  const pool = createPool(databaseUrl)
  const { copy, remove } = askOwners(link, partitions)
  /** What PostgreSQL needs to know of a tag, without what its owner has in memory. */
  const known = new Map<TagPath, Uint8Array>()
  const sealedOnly = async (path: TagPath) => {
    let bytes = known.get(path)
    if (!bytes) {
      const source = decodeSource((await copy(path, 0, 1)) as Uint8Array)
      bytes = encodeSource({ ...source, sealedEnd: Number.MAX_SAFE_INTEGER, rows: noRows, arrays: [] })
      known.set(path, bytes)
    }
    return bytes
  }
  const store = createQueryStore({ pool, clock, log, append: async () => [], remove, ask: asks ? copy : sealedOnly })
  await owner.ask('feed', 3)
  await store.open()
  const postmaster = Number(readFileSync(join(postgres.folder, 'data', 'postmaster.pid'), 'utf8').split('\n')[0])

  const before = await usage(owner, databaseUrl, postmaster)
  const feeding = owner.ask<number>('feed', seconds)
  const [reads, copies] = await questions(store, copy, tags)
  const rows = await feeding
  const after = await usage(owner, databaseUrl, postmaster)
  const ages = await marksSeen(owner, store, tags)
  const flood = await owner.ask<number>('flood', seconds / 4)

  await store.close()
  await link.close()
  await pool.end()
  await owner.end()
  await endServers()
  return {
    way: name,
    'samples/s': rows / seconds,
    'writer CPU s per million': ((after.writer - before.writer) / rows) * 1e6,
    'PostgreSQL CPU s per million': ((after.postgres - before.postgres) / rows) * 1e6,
    'WAL bytes per sample': (after.wal - before.wal) / rows,
    'table bytes per sample': (after.bytes - before.bytes) / rows,
    'last minute read, p50 ms': median(reads),
    'last minute read, p99 ms': percentile(reads, 0.99),
    'owner asked, p50 ms': median(copies),
    'owner asked, p99 ms': percentile(copies, 0.99),
    'seen after, p50 ms': median(ages),
    'seen after, p99 ms': percentile(ages, 0.99),
    'samples/s at most': flood,
  }
}

/** Reads the last minute of one tag after the other, and asks its owner alone, while samples come. */
async function questions(store: QueryStore, copy: (path: TagPath, from: number, to: number) => Promise<unknown>, tags: readonly TagPath[]) {
  const [reads, copies]: [number[], number[]] = [[], []]
  const end = clock.elapsedMs() + seconds * 1000
  for (let question = 0; clock.elapsedMs() < end; question++) {
    const tag = tags[(question * 7919) % tags.length] as TagPath
    const from = clock.now() - 60 * secondUs
    const started = clock.elapsedMs()
    await store.read(tag, from, Infinity, 10_000)
    const read = clock.elapsedMs()
    await copy(tag, from, Infinity)
    reads.push(read - started)
    copies.push(clock.elapsedMs() - read)
    await new Promise((resolve) => setTimeout(resolve, questionEveryMs))
  }
  return [reads, copies] as const
}

/** How long it takes until a sample that the owner has got is seen. */
async function marksSeen(owner: Child, store: QueryStore, tags: readonly TagPath[]): Promise<number[]> {
  const ages: number[] = []
  for (let mark = 0; mark < marks; mark++) {
    const tag = tags[(mark * 104_729) % tags.length] as TagPath
    const given = clock.elapsedMs()
    const time = await owner.ask<number>('mark', tag)
    for (;;) {
      const { time: seen } = await store.read(tag, time, Infinity, 1)
      if (seen.length > 0) break
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    ages.push(clock.elapsedMs() - given)
  }
  return ages
}

async function usage(owner: Child, databaseUrl: string, postmaster: number) {
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  const { rows } = await client.query<{ wal: number; bytes: number }>(
    `select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8 as wal,
       (select sum(pg_total_relation_size(oid))::float8 from pg_class where relnamespace = 'telemetry'::regnamespace and relkind in ('r', 'p')) as bytes`,
  )
  await client.end()
  const { user, system } = await owner.ask<NodeJS.CpuUsage>('cpu')
  return { writer: (user + system) / 1e6, postgres: cpuSeconds(postmaster), wal: rows[0]?.wal ?? 0, bytes: rows[0]?.bytes ?? 0 }
}

await withScratch('fresh', async (scratch) => {
  const ways: Way[] = [
    { name: 'sealed every minute, the owner is asked', sealAfterMs: 60_000, asks: true },
    { name: 'sealed every second, PostgreSQL alone', sealAfterMs: 1000, asks: false },
  ]
  const table: Awaited<ReturnType<typeof measure>>[] = []
  for (const way of ways) table.push(await measure(scratch, way))
  printTable(table)
  const page = `# How rows are seen that are not in PostgreSQL yet

${tagCount} tags in ${partitions} partitions with a sample every tenth of a second each, for ${seconds} s; meanwhile the last minute of one tag after the other is
read. NATS, PostgreSQL (fsync on), the writer and whoever reads share one machine.

${markdownTable(table)}
`
  await writeResults('fresh', { machine: machine(), tags: tagCount, partitions, seconds, table }, page)
})
