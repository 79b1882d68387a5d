import { createConnection } from 'node:net'
import pino from 'pino'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import type { Samples } from '#api/samples/schema.ts'
import type { Health } from '#api/health/schema.ts'
import { createStreamAppender } from '#bus/nats/stream-appender.ts'
import { partitionOf } from '#bus/nats/partition.ts'
import { subjectOf } from '#bus/nats/telemetry-log.ts'
import { batchOf } from '#core/batch.ts'
import { linkTo } from '#test/support/nats-link.ts'
import { startNats, type NatsServer } from '#test/support/nats.ts'
import { startPostgres, type PostgresServer } from '#test/support/postgres.ts'
import { startRoles, type StartRolesOptions } from './start-roles.ts'

const patience = { timeout: 60_000, interval: 50 }
const partitions = 4

let postgres: PostgresServer
let nats: NatsServer
let databaseUrl: string
let lines: string[]
beforeAll(async () => void (postgres = await startPostgres({ fsync: false, settings: { max_connections: 200 } })))
afterAll(() => postgres[Symbol.asyncDispose]())
beforeEach(async () => {
  nats = await startNats()
  onTestFinished(() => nats[Symbol.asyncDispose]())
  databaseUrl = await postgres.createDatabase()
  lines = []
})

async function start(roles: string[], options: Partial<StartRolesOptions> = {}) {
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push((JSON.parse(line) as { msg: string }).msg) })
  const address = { host: '127.0.0.1', port: 0, hostNames: undefined }
  const running = await startRoles({ roles, natsUrl: nats.url, databaseUrl, address, partitions, log, ...options })
  onTestFinished(running.stop)
  return running
}

const get = async <T>(url: string) => (await (await fetch(url)).json()) as T
const post = (url: string, body: unknown) =>
  fetch(`${url}/api/v1/samples`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
const untilReady = (url: string) =>
  vi.waitFor(async () => expect(await get(`${url}/readyz`)).toEqual({ status: 'ready', reasons: [] }), patience)
const valuesOf = async (url: string, tag: string) =>
  (await get<Samples>(`${url}/api/v1/samples?tag=${tag}`)).samples?.map(({ value }) => value)

test('all roles in one process are one server; a sample is there for the next who asks, and after a restart', async () => {
  const first = await start(['ingest', 'writer', 'api'])
  await untilReady(first.url)
  expect(await (await post(first.url, [{ tag: 'site/pump/speed', value: 7 }])).json()).toEqual({ accepted: 1, rejected: [] })
  await vi.waitFor(async () => expect(await valuesOf(first.url, 'site/pump/speed')).toEqual([7]), patience)
  const { checks, status } = await get<Health>(`${first.url}/api/v1/health`)
  expect(status).toBe('ok')
  expect(checks.map(({ name }) => name)).toEqual(['nats', 'database', 'processes', 'telemetry log', 'writer'])
  expect(checks.at(-1)?.detail).toMatch(/^4 of 4 partitions, 1 rows in memory, 0 messages to come$/)
  await first.stop()
  const second = await start(['writer', 'api'])
  await untilReady(second.url)
  await vi.waitFor(async () => expect(await valuesOf(second.url, 'site/pump/speed')).toEqual([7]), patience)
})

test('an api that comes later knows at once what is not in PostgreSQL yet', async () => {
  const writer = await start(['writer'])
  await untilReady(writer.url)
  const ingest = await start(['ingest'])
  await post(ingest.url, [
    { tag: 'site/pump/speed', value: 7 },
    { tag: 'site/pump/state', value: 'running' },
  ])
  await vi.waitFor(
    async () => expect(await (await fetch(`${writer.url}/metrics`)).text()).toContain('millwright_writer_hot_rows 2'),
    patience,
  )
  const api = await start(['api'])
  expect(await get(`${api.url}/api/v1/tags`)).toMatchObject([
    { path: 'site/pump/speed', kind: 'number', latest: { value: 7 } },
    { path: 'site/pump/state', kind: 'text', latest: { value: 'running' } },
  ])
  expect(await valuesOf(api.url, 'site/pump/state')).toEqual(['running'])
})

test('a process serves what its roles are for, and nothing else', async () => {
  const writer = await start(['writer'])
  const ingest = await start(['ingest'])
  const status = async (url: string, path: string) => (await fetch(`${url}${path}`)).status
  for (const { url } of [writer, ingest]) {
    for (const path of ['/livez', '/api/v1/health', '/metrics', '/openapi.json']) expect(await status(url, path)).toBe(200)
    for (const path of ['/', '/api/v1/tags', '/api/v1/samples?tag=a/b']) expect(await status(url, path)).toBe(404)
  }
  expect((await post(writer.url, [])).status).toBe(404)
  expect((await post(ingest.url, [])).status).toBe(200)
})

test('rows of a kind that their tag does not have are left out alone, are said, and every process hears which kind holds', async () => {
  const all = await start(['ingest', 'writer', 'api'])
  await untilReady(all.url)
  await using link = await linkTo(nats.url)
  const append = (source: string, ...samples: Parameters<typeof batchOf>[0] extends Iterable<infer Sample> ? Sample[] : never) =>
    createStreamAppender({ link, partitions }).append([{ batch: batchOf(samples), origin: { source, sequence: 1 } }])
  // As two ingests do that have not heard of each other's tag yet.
  await append('one', { tag: 'site/pump/speed', time: 1000, value: 7 })
  await append('two', { tag: 'site/pump/speed', time: 2000, value: 'fast' }, { tag: 'site/pump/flow', time: 2000, value: 1.5 })
  await append('three', { tag: 'site/pump/speed', time: 3000, value: 8 })
  // And what is nothing at all.
  link.connection.publish(subjectOf(partitionOf('site/pump/speed', partitions)), 'rubbish')
  await append('four', { tag: 'site/pump/speed', time: 4000, value: 9 })
  await vi.waitFor(async () => {
    expect(await valuesOf(all.url, 'site/pump/speed')).toEqual([7, 8, 9])
    expect(await valuesOf(all.url, 'site/pump/flow')).toEqual([1.5])
  }, patience)
  expect(lines.join('\n')).toContain('1 samples of site/pump/speed are left out: they are of kind text, and it was number first')
  expect(lines.join('\n')).toMatch(/message 4 of partition \d is left out/)
  const { checks } = await get<Health>(`${all.url}/api/v1/health`)
  expect(checks.find(({ name }) => name === 'writer')?.detail).toContain('1 rows were refused: their tag is of another kind')
  expect(await (await post(all.url, [{ tag: 'site/pump/speed', value: 'fast' }])).json()).toMatchObject({
    rejected: [{ reason: expect.stringContaining('is of kind number') as string }],
  })
})

test('when the telemetry log is full, more is refused with 429 until a writer has made room', async () => {
  const ingest = await start(['ingest'], { logBytesMax: partitions * 200_000 })
  const samples = Array.from({ length: 1000 }, (_, row) => ({ tag: 'site/pump/speed', value: row }))
  const refused = await vi.waitFor(async () => {
    const answer = await post(ingest.url, samples)
    expect(answer.status).toBe(429)
    return answer
  }, patience)
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(await refused.json()).toMatchObject({
    error: 'overloaded',
    message: expect.stringMatching(/the telemetry log of partition \d is full/) as string,
  })
  const { checks } = await vi.waitFor(async () => {
    const health = await get<Health>(`${ingest.url}/api/v1/health`)
    expect(health.status).toBe('degraded')
    return health
  }, patience)
  expect(checks.find(({ name }) => name === 'processes')?.detail).toContain('without a writer all that comes waits in NATS')
  const writer = await start(['writer'])
  await untilReady(writer.url)
  // It seals when it is told to stop, and lets go of the log then.
  await writer.stop()
  await vi.waitFor(async () => expect((await post(ingest.url, samples)).status).toBe(200), patience)
})

test('readiness says when NATS or PostgreSQL are gone, and both are found again', async () => {
  const all = await start(['ingest', 'writer', 'api'])
  await untilReady(all.url)
  const reasons = async () => (await get<{ reasons: string[] }>(`${all.url}/readyz`)).reasons
  await nats.kill()
  await vi.waitFor(async () => expect(await reasons()).toContain('NATS cannot be reached'), patience)
  expect((await post(all.url, [{ tag: 'site/pump/speed', value: 7 }])).status).toBe(503)
  expect((await fetch(`${all.url}/livez`)).status).toBe(200)
  await nats.start()
  await untilReady(all.url)
  await postgres.kill()
  await vi.waitFor(async () => expect(await reasons()).toContain('PostgreSQL does not answer within 2 s'), patience)
  expect((await post(all.url, [{ tag: 'site/pump/speed', value: 7 }])).status).toBe(200)
  await postgres.start()
  await untilReady(all.url)
  await vi.waitFor(async () => expect(await valuesOf(all.url, 'site/pump/speed')).toEqual([7]), patience)
})

test('a process that stops ends what it has begun to answer, and turns away what comes then', async () => {
  const ingest = await start(['ingest'])
  const { port } = new URL(ingest.url)
  const open = () => {
    const socket = createConnection(Number(port), '127.0.0.1')
    let answer = ''
    socket.setEncoding('utf8').on('data', (text) => (answer += String(text)))
    socket.on('error', () => {})
    return { socket, answer: () => answer }
  }
  const body = JSON.stringify([{ tag: 'site/pump/speed', value: 7 }])
  const head = `POST /api/v1/samples HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`
  const [begun, idle] = [open(), open()]
  begun.socket.write(head + body.slice(0, 5))
  idle.socket.write('GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n')
  await vi.waitFor(() => expect(idle.answer()).toContain('alive'), patience)
  const stopped = ingest.stop()
  await vi.waitFor(() => {
    idle.socket.write('GET /readyz HTTP/1.1\r\nhost: localhost\r\n\r\n')
    expect(idle.answer()).toContain('503 Service Unavailable')
  }, patience)
  begun.socket.write(body.slice(5))
  await vi.waitFor(() => expect(begun.answer()).toContain('"accepted":1'), patience)
  await stopped
})
