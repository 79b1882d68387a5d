// The owner of some partitions, fed at a steady rate or as fast as it goes, that seals when it is told to and answers for what it has in memory.
import { answerParent } from '#bench/support/child.ts'
import { connectNats } from '#bus/nats/connect.ts'
import { partitionOf } from '#bus/nats/partition.ts'
import { answerFor } from '#app/roles/questions.ts'
import { BatchBuilder, type Batch } from '#core/batch.ts'
import { systemClock } from '#core/clock.ts'
import type { TagPath } from '#core/path.ts'
import { createPool } from '#database/postgres.ts'
import { openPartition, type PartitionStore } from '#store/postgres/partition-store.ts'

interface Start {
  readonly natsUrl: string
  readonly databaseUrl: string
  readonly partitions: number
  readonly tags: number
  readonly sealAfterMs: number
}

const clock = systemClock
const log = { info: () => {}, warn: console.warn }
const periodMs = 100
const perMachine = 25
const tagOf = (index: number): TagPath => `site/hall/machine-${Math.floor(index / perMachine)}/tag-${index % perMachine}`

let stores: PartitionStore[] = []
let tagsOf: TagPath[][] = []
let sequence = 0
let newest = 0

/** One sample more for every tag of a partition, or for one of them. */
function batchOf(tags: readonly TagPath[]): Batch {
  const builder = new BatchBuilder(tags.length)
  newest = Math.max(newest + 1, clock.now())
  tags.forEach((path, index) =>
    builder.add(builder.tagIndex(path, 'number'), newest, Math.round(Math.sin(newest / 1e6 + index) * 1e4) / 100, 0),
  )
  return builder.build()
}

async function give(partition: number, tags: readonly TagPath[], batches = 1): Promise<void> {
  const entries = Array.from({ length: batches }, () => ({ sequence: ++sequence, delivery: { batch: batchOf(tags) } }))
  await (stores[partition] as PartitionStore).apply(entries)
}

answerParent({
  async start({ natsUrl, databaseUrl, partitions, tags, sealAfterMs }: Start) {
    const link = await connectNats({ url: natsUrl, name: 'owner', clock, log })
    const pool = createPool(databaseUrl)
    const all = Array.from({ length: tags }, (_, index) => tagOf(index))
    tagsOf = Array.from({ length: partitions }, (_, partition) => all.filter((tag) => partitionOf(tag, partitions) === partition))
    stores = await Promise.all(
      tagsOf.map((_, partition) =>
        openPartition({
          pool,
          partition,
          token: 1,
          settings: { clock, log, sealAfterMs, sealRetryMs: Math.min(sealAfterMs, 10_000) },
          acknowledge: async () => {},
          superseded: () => {},
        }),
      ),
    )
    stores.forEach((store, partition) => {
      store.caughtUp()
      answerFor(link, partition, store, () => true)
    })
    return all
  },
  /** One sample of every tag so often, until the time is over; resolves to how many samples. */
  async feed(seconds: number) {
    let rows = 0
    const started = clock.elapsedMs()
    for (let period = 1; period * periodMs <= seconds * 1000; period++) {
      for (const [partition, tags] of tagsOf.entries()) await give(partition, tags)
      rows += tagsOf.reduce((sum, { length }) => sum + length, 0)
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, started + period * periodMs - clock.elapsedMs())))
    }
    return rows
  },
  /** One sample more of one tag; resolves to its time. */
  async mark(tag: TagPath) {
    await give(partitionOf(tag, tagsOf.length), [tag])
    return newest
  },
  /** As fast as it goes; resolves to the samples per second. */
  async flood(seconds: number) {
    let rows = 0
    const started = clock.elapsedMs()
    while (clock.elapsedMs() - started < seconds * 1000)
      await Promise.all(
        tagsOf.map(async (tags, partition) => {
          await give(partition, tags, 20)
          rows += 20 * tags.length
        }),
      )
    return rows / ((clock.elapsedMs() - started) / 1000)
  },
  cpu: () => process.cpuUsage(),
})
