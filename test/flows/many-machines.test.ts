// The same program split by role over many machines: three NATS servers, PostgreSQL, two processes of each role and a gateway, all of them on
// loopback. Whatever of them dies, nothing that was acknowledged is lost, nothing is there twice, and others take over.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jetstreamManager } from '@nats-io/jetstream'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import type { Buckets } from '#api/buckets/schema.ts'
import type { ConnectionList } from '#api/connections/schema.ts'
import type { LiveMessage } from '#api/live/schema.ts'
import type { Samples } from '#api/samples/schema.ts'
import { buildDashboard } from '#app/dashboard.ts'
import { streamOf } from '#bus/nats/telemetry-log.ts'
import { partitionOf } from '#bus/nats/partition.ts'
import { equalEdges } from '#core/bucket-edges.ts'
import { ledgerBalances } from '#core/ledger.ts'
import { formatTime, parseTime, type Micros } from '#core/time.ts'
import { runMillwright } from '#test/support/command-line.ts'
import { confirms, startFeeder, type Feeder } from '#test/support/feeder.ts'
import { freePort } from '#test/support/free-port.ts'
import { supervise, type SupervisedProcess } from '#test/support/many-machines.ts'
import { linkTo } from '#test/support/nats-link.ts'
import { startNatsCluster, type NatsCluster } from '#test/support/nats.ts'
import { startPostgres, type PostgresServer } from '#test/support/postgres.ts'

const patience = { timeout: 90_000, interval: 100 }
const posted = Array.from({ length: 6 }, (_, index) => `works/hall/press-${index}/count`)
const pushed = 'works/yard/box/count'
const partitions = '8'
const names = ['ingest-1', 'ingest-2', 'writer-1', 'writer-2', 'api-1', 'api-2', 'gateway'] as const
type Name = (typeof names)[number]
const apis = ['api-1', 'api-2'] as const

let folder: string
let nats: NatsCluster
let postgres: PostgresServer
let database: string
let ports: Record<Name | 'device', number>
let processes: Record<Name, SupervisedProcess>

beforeAll(async () => {
  await buildDashboard(() => {})
  folder = await mkdtemp(join(tmpdir(), 'many-machines-'))
  ;[nats, postgres] = await Promise.all([startNatsCluster(), startPostgres({ fsync: false, settings: { max_connections: 200 } })])
  database = await postgres.createDatabase()
  const entries = await Promise.all([...names, 'device' as const].map(async (name) => [name, await freePort()] as const))
  ports = Object.fromEntries(entries) as typeof ports
  const plant = join(folder, 'plant.yaml')
  await writeFile(
    plant,
    `plant: Yard
connections:
  - name: box
    driver: http
    gateway: yard
    settings: { port: ${ports.device} }
    tags: { ${pushed}: { device: box, field: value, time: time } }
`,
  )
  const token = (await runMillwright(['token', 'yard', '--database', database])).stdout.trim()
  const role = (name: string, port: number) =>
    supervise(['start', '--role', name, '--port', String(port), '--nats', nats.url, '--database', database, '--partitions', partitions], {
      MILLWRIGHT_LOG: 'info',
    })
  const servers = ['--server', url('ingest-1'), '--server', url('ingest-2')]
  const gateway = ['gateway', ...servers, '--token', token, '--plant', plant, '--data', folder, '--port', String(ports.gateway)]
  processes = Object.fromEntries(
    names.map((name) => [name, name === 'gateway' ? supervise(gateway) : role(name.slice(0, -2), ports[name])]),
  ) as typeof processes
  await Promise.all(names.map((name) => processes[name].start()))
}, 180_000)

afterAll(async () => {
  await Promise.all(Object.values(processes).map((one) => one.end()))
  await Promise.all([nats[Symbol.asyncDispose](), postgres[Symbol.asyncDispose]()])
  await rm(folder, { recursive: true })
})

const url = (name: Name) => `http://127.0.0.1:${ports[name]}`
const get = async <T>(name: Name, path: string) => {
  const answer = await fetch(`${url(name)}/${path}`)
  if (!answer.ok) throw new Error(`${name} answers ${answer.status}: ${await answer.text()}`)
  return (await answer.json()) as T
}
const ready = () =>
  vi.waitFor(async () => {
    for (const name of names) expect(await get(name, 'readyz')).toEqual({ status: 'ready', reasons: [] })
  }, patience)

/** All samples of a tag by their time; those that say that its source was gone only if asked for. */
async function history(name: Name, tag: string, withGaps = false): Promise<Map<Micros, unknown>> {
  const all = new Map<Micros, unknown>()
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: Samples = await get(name, `api/v1/samples?tag=${tag}&limit=10000${cursor && `&cursor=${cursor}`}`)
    for (const { time, value } of page.samples) if (withGaps || value !== null) all.set(parseTime(time) as Micros, value)
    cursor = page.next
  }
  return all
}

/** Whether both apis have exactly what was confirmed. */
async function expectHistory(feeders: readonly Feeder[]): Promise<void> {
  for (const { confirmed } of feeders)
    for (const [tag, sent] of confirmed)
      for (const api of apis) {
        const stored = await history(api, tag)
        expect({ api, tag, lost: [...sent.keys()].filter((time) => stored.get(time) !== sent.get(time)).length }).toEqual({
          api,
          tag,
          lost: 0,
        })
        expect({ api, tag, more: stored.size - sent.size }).toEqual({ api, tag, more: 0 })
      }
}

/** The counts, minima and maxima of buckets are those of what was sent. */
async function expectBuckets({ confirmed }: Feeder): Promise<void> {
  for (const [tag, sent] of confirmed) {
    const times = [...sent.keys()]
    const [from, to] = [Math.min(...times), Math.max(...times) + 1]
    const edges = equalEdges(from, to, 20)
    const expected = Array.from({ length: 20 }, (_, bucket) =>
      [...sent].filter(([time]) => (edges[bucket] as number) <= time && time < (edges[bucket + 1] as number)).map(([, value]) => value),
    ).filter((values) => values.length > 0)
    for (const api of apis) {
      const query = new URLSearchParams({ tag, from: formatTime(from), to: formatTime(to), buckets: '20' })
      const [columns] = await get<Buckets>(api, `api/v1/buckets?${query.toString()}`)
      expect(columns?.count).toEqual(expected.map((values) => values.length))
      expect(columns?.min).toEqual(expected.map((values) => Math.min(...values)))
      expect(columns?.max).toEqual(expected.map((values) => Math.max(...values)))
    }
  }
}

/** Every tag has a value over the live socket of an api, and then newer ones. */
async function expectLive(api: Name, tags: readonly string[]): Promise<void> {
  const seen = new Map<string, number>()
  const socket = new WebSocket(`${url(api).replace('http', 'ws')}/api/v1/live`)
  socket.on('message', (data) => {
    const message = JSON.parse((data as Buffer).toString()) as LiveMessage
    if (message.type === 'values') for (const { tag, value } of message.values) seen.set(tag, value as number)
  })
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  socket.send(JSON.stringify({ type: 'subscribe', tags }))
  await vi.waitFor(() => expect([...seen.keys()].toSorted()).toEqual(tags.toSorted()), patience)
  const before = new Map(seen)
  await vi.waitFor(() => expect(tags.filter((tag) => (seen.get(tag) as number) <= (before.get(tag) as number))).toEqual([]), patience)
  socket.terminate()
}

/** The server that leads the stream of a tag. */
async function leaderOf(tag: string) {
  await using link = await linkTo(nats.url)
  const { cluster } = await (await jetstreamManager(link.connection)).streams.info(streamOf(partitionOf(tag, Number(partitions))))
  return nats.named(cluster?.leader ?? '')
}

test('what is sent is there at every api, live and to be asked for; whatever is killed, others take over and nothing is lost or doubled', {
  timeout: 300_000,
}, async () => {
  await ready()
  let turn = 0
  const ingests = ['ingest-1', 'ingest-2', 'api-2'] as const
  const direct = startFeeder(posted, (readings) => confirms(`${url(ingests[turn++ % 3] as Name)}/api/v1/samples`, readings))
  const device = startFeeder([pushed], ([reading]) => confirms(`http://127.0.0.1:${ports.device}/push/box`, reading))
  const tags = [...posted, pushed]

  // Every tag is seen live, and asked for, at each api, however it came in.
  for (const api of apis) {
    await expectLive(api, tags)
    for (const tag of tags) {
      const newest = [...((device.confirmed.get(tag) ?? direct.confirmed.get(tag)) as Map<Micros, number>).keys()].at(-1) as Micros
      await vi.waitFor(async () => expect((await history(api, tag)).has(newest)).toBe(true), patience)
    }
    await vi.waitFor(async () => {
      const [connection] = await get<ConnectionList>(api, 'api/v1/connections')
      expect(connection).toMatchObject({ name: 'box', gateway: 'yard', state: 'connected' })
    }, patience)
  }

  // One of each role and the leader of a part of the log die at once; the gateway's supervisor starts it again at once.
  const leader = await leaderOf(posted[0] as string)
  const killed = ['ingest-1', 'writer-1', 'api-1', 'gateway'] as const
  await Promise.all([...killed.map((name) => processes[name].end()), leader.kill()])
  await processes.gateway.start()
  const confirmedThen = new Map([...direct.confirmed, ...device.confirmed].map(([tag, sent]) => [tag, new Map(sent)]))
  await vi.waitFor(async () => {
    for (const [tag, sent] of confirmedThen) {
      const stored = await history('api-2', tag)
      expect([...sent.keys()].filter((time) => !stored.has(time))).toEqual([])
    }
  }, patience)

  // Now PostgreSQL dies, and comes back; meanwhile the others do, too.
  await postgres.kill()
  const sentSoFar = direct.confirmed.get(posted[0] as string)?.size ?? 0
  await vi.waitFor(() => expect(direct.confirmed.get(posted[0] as string)?.size).toBeGreaterThan(sentSoFar + 20), patience)
  await expectLive('api-2', tags)
  await postgres.start()
  await Promise.all([leader.start(), ...(['ingest-1', 'writer-1', 'api-1'] as const).map((name) => processes[name].start())])
  await ready()

  await Promise.all([direct.stop(), device.stop()])
  await vi.waitFor(() => expectHistory([direct, device]), patience)
  await expectBuckets(direct)
  await vi.waitFor(async () => {
    for (const api of apis) {
      const [connection] = await get<ConnectionList>(api, 'api/v1/connections')
      expect(connection?.ledger).toMatchObject({ buffered: 0, dropped: 0, rejected: 0 })
      expect(ledgerBalances(connection?.ledger as NonNullable<typeof connection>['ledger'])).toBe(true)
    }
  }, patience)

  // Writers that are told to stop leave everything in PostgreSQL, each sample once.
  const rows = (await Promise.all(tags.map((tag) => history('api-1', tag, true)))).reduce((sum, { size }) => sum + size, 0)
  for (const name of ['gateway', 'ingest-1', 'ingest-2', 'writer-1', 'writer-2'] as const)
    expect(await processes[name].end('SIGTERM')).toBe(0)
  expect(await query('select sum(samples)::int as samples from telemetry.partition')).toEqual([{ samples: rows }])
})

async function query(text: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: database })
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}
