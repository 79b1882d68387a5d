// Answers are not checked against their schemas while the server runs, for speed; here they are: each route, to the letter.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { systemClock } from '#core/clock.ts'
import { faultListSchema, faultSchema, simulatedMachineListSchema, type Fault } from '#core/fault.ts'
import { emptyLedger } from '#core/ledger.ts'
import { plantSchema } from '#core/plant.ts'
import { profileSchema } from '#core/profile.ts'
import { qualities } from '#core/quality.ts'
import { formatTime, secondUs } from '#core/time.ts'
import type { GatewayReport } from '#core/uplink.ts'
import { testApi, type TestApi } from '#test/support/api.ts'
import { arrayAtSchema, arraysSchema } from './arrays/schema.ts'
import { bucketsSchema } from './buckets/schema.ts'
import { connectionListSchema, gatewayListSchema } from './connections/schema.ts'
import { healthSchema } from './health/schema.ts'
import { machineListSchema, machineSchema } from './machines/schema.ts'
import * as prometheus from './prometheus/schema.ts'
import { readingListSchema } from './readings/schema.ts'
import { postResultSchema, samplesSchema } from './samples/schema.ts'
import { errorSchema } from './schema.ts'
import { tagListSchema } from './tags/schema.ts'

const now = systemClock.now()
const machine = 'site/pump'
const kindsOfTag = { temperature: 'number', on: 'boolean', state: 'text', field: 'array' } as const
const profile = profileSchema.parse({
  profile: 'rotating-equipment',
  title: 'Pump',
  metrics: ['temperature', 'field'],
  tags: {
    temperature: { unit: '°C', decimals: 1, range: [0, 100], limits: { low: 1, high: 85 }, description: 'of the bearing', writable: true },
    on: { kind: 'boolean' },
    state: { kind: 'text' },
    field: { kind: 'array', shape: [2] },
    never: {},
  },
})
const fault: Fault = { id: 1, machine, fault: 'leak', tag: null, severity: 1, start: formatTime(now), end: formatTime(now), active: true }
const connection: GatewayReport['connections'][number] = {
  name: 'line',
  driver: 'modbus',
  state: 'connected',
  detail: 'connected',
  since: now,
  lastError: { time: now, message: 'gone' },
  lastData: now,
  rate: 1.5,
  faults: 0,
  lastFault: null,
  tagCount: 4,
  reconnects: 1,
  ledger: emptyLedger(),
}

let api: TestApi
beforeAll(async () => {
  const plant = plantSchema.parse({ plant: 'p', machines: [{ path: machine, profile: profile.profile }] })
  const simulation = {
    inject: async () => fault,
    faults: async () => [fault],
    machines: async () => [],
  }
  api = await testApi({ ...plant, profiles: new Map([[profile.profile, profile]]) }, { simulation })
  const values = { temperature: -0, on: true, state: 'läuft', field: { shape: [2], data: Float32Array.of(1, 2) } }
  for (const [name, kind] of Object.entries(kindsOfTag)) {
    const tag = `${machine}/${name}`
    await api.put(
      { tag, kind, time: now - 2 * secondUs, value: values[name as keyof typeof values] },
      { tag, kind, time: now - secondUs, value: null, quality: qualities.badNotConnected.code },
    )
  }
  const report = { version: '1', outbox: { bytes: 1, bytesMax: 2, oldest: now }, ledger: emptyLedger(), connections: [connection] }
  await api.uplink('edge').report(report)
})
afterAll(() => api.close())

const range = `from=${formatTime(now - 10 * secondUs)}&to=${formatTime(now)}`
const field = `${machine}/field`

/** Per route as the API's description names it: requests that it answers with 200, and the schema. */
const routes: Record<string, [schema: z.ZodType, ...urls: string[]]> = {
  '/api/v1/health': [healthSchema, '/api/v1/health'],
  '/api/v1/machines': [machineListSchema, '/api/v1/machines', '/api/v1/machines?include=metrics'],
  '/api/v1/machines/{path}': [machineSchema, `/api/v1/machines/${machine}`],
  '/api/v1/tags': [tagListSchema, '/api/v1/tags', `/api/v1/tags?machine=${machine}`],
  '/api/v1/samples': [samplesSchema, ...Object.keys(kindsOfTag).map((name) => `/api/v1/samples?tag=${machine}/${name}&limit=1`)],
  '/api/v1/buckets': [
    bucketsSchema,
    `/api/v1/buckets?tag=${machine}/temperature&tag=${machine}/on&tag=${field}&${range}`,
    `/api/v1/buckets?tag=${machine}/temperature&${range}&every=day`,
  ],
  '/api/v1/export': [z.string(), `/api/v1/export?machine=${machine}`, `/api/v1/export?machine=${machine}&bucket=day`],
  '/api/v1/arrays': [arraysSchema, `/api/v1/arrays?tag=${field}`, `/api/v1/arrays?tag=${field}&to=1980-01-01`],
  '/api/v1/arrays/at': [arrayAtSchema, `/api/v1/arrays/at?tag=${field}`],
  '/api/v1/connections': [connectionListSchema, '/api/v1/connections'],
  '/api/v1/gateways': [gatewayListSchema, '/api/v1/gateways'],
  '/api/v1/sim/faults': [faultListSchema, '/api/v1/sim/faults'],
  '/api/v1/sim/machines': [simulatedMachineListSchema, '/api/v1/sim/machines'],
  '/api/v1/query': [
    prometheus.queryAnswerSchema,
    ...['temperature', 'temperature[1m]', '1', '"a"'].map((query) => `/api/v1/query?query=${encodeURIComponent(query)}`),
  ],
  '/api/v1/query_range': [prometheus.queryAnswerSchema, '/api/v1/query_range?query=temperature&start=0&end=60&step=15s'],
  '/api/v1/series': [prometheus.seriesAnswerSchema, '/api/v1/series?match[]=temperature&match[]=none'],
  '/api/v1/labels': [prometheus.namesAnswerSchema, '/api/v1/labels'],
  '/api/v1/label/{name}/values': [prometheus.namesAnswerSchema, '/api/v1/label/machine/values'],
  '/api/v1/metadata': [prometheus.metadataAnswerSchema, '/api/v1/metadata'],
  '/api/v1/status/buildinfo': [prometheus.buildInfoAnswerSchema, '/api/v1/status/buildinfo'],
  '/data': [readingListSchema, '/data'],
  '/metrics': [z.string(), '/metrics'],
}

test.each(Object.entries(routes))('GET %s answers as its schema says, no more and no less', async (_, [schema, ...urls]) => {
  for (const url of urls) {
    const { status, body } = await api.get(url)
    expect({ url, status }).toEqual({ url, status: 200 })
    expect(schema.parse(body)).toEqual(body)
  }
})

test('no route is missing above', async () => {
  const { paths } = (await api.get('/openapi.json')).body as { paths: Record<string, object> }
  const read = Object.keys(paths).filter((path) => 'get' in (paths[path] as object))
  expect(Object.keys(routes).toSorted()).toEqual(read.toSorted())
})

test('posts answer as their schemas say', async () => {
  const posted = await api.post('/api/v1/samples', [{ tag: 'a/b', value: 1 }, 'rubbish'])
  expect(postResultSchema.parse(posted.body)).toEqual(posted.body)
  const injected = await api.post('/api/v1/sim/faults', { machine, fault: 'leak' })
  expect(faultSchema.parse(injected.body)).toEqual(injected.body)
})

test('errors have one form, wherever they arise', async () => {
  for (const url of ['/api/v1/none', '/api/v1/machines/none', '/api/v1/machines/%zz', '/api/v1/samples', `/api/v1/samples?tag=none/x`]) {
    const { status, body } = await api.get(url)
    expect(status).toBeGreaterThanOrEqual(400)
    expect(errorSchema.parse(body)).toEqual(body)
  }
})
