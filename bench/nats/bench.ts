// The way through NATS on one machine, with one server and with a cluster of three: how fast rows get into the telemetry log and out of it, what
// a question costs, and how long a partition is without an owner after its process died.
import { parseArgs } from 'node:util'
import { jetstreamManager } from '@nats-io/jetstream'
import { markdownTable, machine, printTable, writeResults } from '#bench/support/results.ts'
import { median, percentile } from '#bench/support/statistics.ts'
import { ask, serve } from '#bus/nats/ask.ts'
import { connectNats } from '#bus/nats/connect.ts'
import { Leases } from '#bus/nats/leases.ts'
import { PartitionLog } from '#bus/nats/partition-log.ts'
import { createStreamAppender } from '#bus/nats/stream-appender.ts'
import { openTelemetryLog, streamOf } from '#bus/nats/telemetry-log.ts'
import { BatchBuilder, type Batch } from '#core/batch.ts'
import { systemClock } from '#core/clock.ts'
import { startNats, startNatsCluster } from '#test/support/nats.ts'

const { values: asked } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    gateways: { type: 'string', default: '32' },
    rows: { type: 'string', default: '1000' },
    machines: { type: 'string', default: '4' },
  },
})
const [seconds, gateways, rowsPerFrame, machines] = [asked.seconds, asked.gateways, asked.rows, asked.machines].map(Number) as [
  number,
  number,
  number,
  number,
]
const clock = systemClock
const log = { info: () => {}, warn: console.warn }
const connectTo = (url: string, name: string) => connectNats({ url, name, clock, log })

/** What a gateway sends at once: rows of some machines with 25 tags each. */
function frameOf(gateway: number): Batch {
  const builder = new BatchBuilder(rowsPerFrame)
  for (let row = 0; row < rowsPerFrame; row++) {
    const tag = builder.tagIndex(`site/hall/line-${gateway}/machine-${row % machines}/tag-${row % 25}`, 'number')
    builder.add(tag, 1e15 + row * 1000, Math.round(Math.sin(row) * 1e4) / 100, 0)
  }
  return builder.build()
}

/** Every gateway appends a frame, waits for the acknowledgement, and appends the next. */
async function measureAppend(url: string, partitions: number) {
  const link = await connectTo(url, 'ingest')
  const appender = createStreamAppender({ link, partitions })
  const latencies: number[] = []
  const before = link.connection.stats().outMsgs
  const started = performance.now()
  const cpu = process.cpuUsage()
  await Promise.all(
    Array.from({ length: gateways }, async (_, gateway) => {
      const batch = frameOf(gateway)
      for (let sequence = 1; performance.now() - started < seconds * 1000; sequence++) {
        const sent = performance.now()
        await appender.append([{ batch, origin: { source: `gateway-${gateway}`, sequence } }])
        latencies.push(performance.now() - sent)
      }
    }),
  )
  const wall = (performance.now() - started) / 1000
  const { user, system } = process.cpuUsage(cpu)
  const messages = link.connection.stats().outMsgs - before
  await link.close()
  const rows = latencies.length * rowsPerFrame
  return {
    'messages/s acknowledged': messages / wall,
    'points/s acknowledged': rows / wall,
    'append p50 ms': median(latencies),
    'append p99 ms': percentile(latencies, 0.99),
    'ingest CPU s per million': (user + system) / rows,
    rows,
  }
}

/** One process owns all partitions, reads what is there, and cuts it off. */
async function measureRead(url: string, partitions: number, expected: number) {
  const link = await connectTo(url, 'writer')
  let rows = 0
  let last = 0
  const done = Promise.withResolvers<void>()
  const started = performance.now()
  const logs = Array.from({ length: partitions }, (_, partition) => {
    const reader: PartitionLog = new PartitionLog({
      link,
      partition,
      token: 1,
      clock,
      log,
      superseded: () => {},
      async take(entries) {
        for (const { delivery } of entries) rows += delivery.batch.count
        last = Math.max(last, performance.now())
        await reader.acknowledge(entries.at(-1)?.sequence ?? 0)
        if (rows >= expected) done.resolve()
      },
    })
    reader.start()
    return reader
  })
  await done.promise
  const wall = (last - started) / 1000
  await Promise.all(logs.map((reader) => reader.stop()))
  const jsm = await jetstreamManager(link.connection)
  const left = await Promise.all(logs.map(async (_, partition) => (await jsm.streams.info(streamOf(partition))).state.messages))
  await link.close()
  return { 'points/s read and cut off': rows / wall, 'messages left': left.reduce((sum, count) => sum + count, 0) }
}

async function measureAsk(url: string) {
  const [owner, asker] = [await connectTo(url, 'owner'), await connectTo(url, 'asker')]
  const answer = new Uint8Array(10_000)
  const end = serve(owner, 'rows.0', () => answer)
  await owner.connection.flush()
  const latencies: number[] = []
  for (let question = 0; question < 2000; question++) {
    const asked = performance.now()
    await ask(asker, 'rows.0', new Uint8Array(100), 5000)
    latencies.push(performance.now() - asked)
  }
  end()
  await Promise.all([owner.close(), asker.close()])
  return { 'question p50 ms': median(latencies), 'question p99 ms': percentile(latencies, 0.99) }
}

/** An owner disappears without a word; another takes all its partitions. */
async function measureTakeOver(url: string, partitions: number) {
  const [dying, next] = [await connectTo(url, 'dying'), await connectTo(url, 'next')]
  const nothing = async () => {}
  const common = { clock, log: { info: () => {}, warn: () => {} }, group: 'writer', partitions, handOver: nothing, lost: nothing }
  const first = new Leases({ ...common, link: dying, id: 'dying', members: () => ['dying'], taken: nothing })
  await first.start()
  const all = Promise.withResolvers<void>()
  let taken = 0
  const second = new Leases({
    ...common,
    link: next,
    id: 'next',
    members: () => ['next'],
    async taken() {
      if (++taken === partitions) all.resolve()
    },
  })
  await second.start()
  const died = performance.now()
  await dying.connection.close()
  await all.promise
  const tookMs = performance.now() - died
  await second.stop()
  await next.close()
  return { 'partitions taken over after s': tookMs / 1000 }
}

async function measure(name: string, url: string) {
  const link = await connectTo(url, 'set-up')
  const { partitions } = await openTelemetryLog({ link, clock, log, bytesMax: 8 * 2 ** 30 })
  await link.close()
  const { rows, ...appended } = await measureAppend(url, partitions)
  const read = await measureRead(url, partitions, rows)
  return { setup: name, ...appended, ...read, ...(await measureAsk(url)), ...(await measureTakeOver(url, partitions)) }
}

const table: Awaited<ReturnType<typeof measure>>[] = []
{
  await using server = await startNats()
  table.push(await measure('one server', server.url))
}
{
  await using cluster = await startNatsCluster()
  table.push(await measure('cluster of three, 3 replicas', cluster.url))
}
printTable(table)
const page = `# Through NATS

${gateways} gateways append frames of ${rowsPerFrame} rows of ${machines} machines through one ingest process, each after the acknowledgement of the one before;
then one process reads all partitions. Servers, ingest and writer share one machine.

${markdownTable(table)}
`
await writeResults('nats', { machine: machine(), gateways, rowsPerFrame, machines, seconds, table }, page)
