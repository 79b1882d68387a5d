import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '#core/clock.ts'
import { plantSchema, type Plant } from '#core/plant.ts'
import { profileSchema } from '#core/profile.ts'
import { qualities } from '#core/quality.ts'
import { formatTime, secondUs } from '#core/time.ts'
import { testApi, type TestApi } from '#test/support/api.ts'

const profile = profileSchema.parse({
  profile: 'rotating-equipment',
  title: 'Rotating equipment',
  metrics: ['temperature'],
  tags: {
    temperature: { unit: '°C', decimals: 1, limits: { high: 85 } },
    vibration: { unit: 'mm/s' },
    pressure: { unit: 'bar' },
    field: { kind: 'array', shape: [2, 2], unit: '°C' },
  },
})
const plant: Plant = {
  ...plantSchema.parse({ plant: 'p', machines: [{ path: 'site/area/line/pump', name: 'Pump', profile: 'rotating-equipment' }] }),
  profiles: new Map([[profile.profile, profile]]),
}
const pump = 'site/area/line/pump'
const start = Math.floor(systemClock.now() / secondUs) * secondUs - 10 * secondUs

let api: TestApi
beforeAll(async () => {
  api = await testApi(plant)
  for (let second = 0; second < 10; second++)
    await api.put(
      { tag: `${pump}/temperature`, time: start + second * secondUs + 1, value: 80 + second },
      { tag: `${pump}/vibration`, time: start + second * secondUs + 1, value: 0.5 },
    )
  await api.put(
    { tag: `${pump}/field`, time: start, value: { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) } },
    { tag: `${pump}/field`, time: start + secondUs, value: { shape: [2, 2], data: Float32Array.of(5, 6, 7, 8) } },
  )
})
afterAll(() => api.close())

test('health says how the server is, in words', async () => {
  expect((await api.get('/api/v1/health')).body).toMatchObject({
    status: 'ok',
    version: '0.0.0',
    checks: [{ name: 'store', ok: true, detail: 'in memory' }],
  })
})

test('machines come with status, newest source time and tag count', async () => {
  const { body } = await api.get('/api/v1/machines')
  // Four tags of the profile and six statistics of the field.
  expect(body).toEqual([
    {
      path: pump,
      name: 'Pump',
      profile: 'rotating-equipment',
      status: 'alarm',
      lastSeen: formatTime(start + 9 * secondUs + 1),
      tagCount: 10,
    },
  ])
  expect((await api.get('/api/v1/machines?include=metrics')).body).toMatchObject([
    { metrics: [{ name: 'temperature', unit: '°C', exceeded: 'high' }] },
  ])
})

test('a machine is found by its path with slashes, and an unknown one is 404 with the mend', async () => {
  expect((await api.get(`/api/v1/machines/${pump}`)).body).toMatchObject({
    path: pump,
    title: 'Rotating equipment',
    metrics: ['temperature'],
  })
  expect(await api.get('/api/v1/machines/site/nothing')).toMatchObject({
    status: 404,
    body: { error: 'notFound', message: expect.stringContaining('GET /api/v1/machines') },
  })
})

test('tags come with their latest sample; an array is told by its shape', async () => {
  const { body } = await api.get(`/api/v1/tags?machine=${pump}`)
  expect(body).toContainEqual({
    path: `${pump}/temperature`,
    kind: 'number',
    unit: '°C',
    latest: { time: formatTime(start + 9 * secondUs + 1), value: 89, quality: 'good' },
  })
  expect(body).toContainEqual({
    path: `${pump}/field`,
    kind: 'array',
    unit: '°C',
    latest: { time: formatTime(start + secondUs), value: { shape: [2, 2] }, quality: 'good' },
  })
  expect(body).toContainEqual({ path: `${pump}/pressure`, kind: 'number', unit: 'bar', latest: null })
})

test.each(['asc', 'desc'])('samples come page by page, exact to the microsecond (%s)', async (order) => {
  const values: unknown[] = []
  let cursor = ''
  for (let page = 0; page < 4; page++) {
    const { body } = await api.get(`/api/v1/samples?tag=${pump}/temperature&limit=4&order=${order}${cursor && `&cursor=${cursor}`}`)
    const { samples, next, unit } = body as { samples: { time: string; value: number }[]; next: string | null; unit: string }
    expect(unit).toBe('°C')
    values.push(...samples.map(({ value }) => value))
    if (next === null) break
    cursor = next
  }
  const expected = Array.from({ length: 10 }, (_, index) => 80 + index)
  expect(values).toEqual(order === 'asc' ? expected : expected.toReversed())
})

test('samples keep to from ≤ time < to', async () => {
  const from = formatTime(start + 2 * secondUs + 1)
  const to = formatTime(start + 5 * secondUs + 1)
  for (const order of ['asc', 'desc']) {
    const { body } = await api.get(`/api/v1/samples?tag=${pump}/temperature&from=${from}&to=${to}&order=${order}`)
    expect((body as { samples: unknown[] }).samples).toHaveLength(3)
  }
})

test('buckets come as columns per tag', async () => {
  const query = `tag=${pump}/temperature&tag=${pump}/vibration&from=${formatTime(start)}&to=${formatTime(start + 10 * secondUs)}&buckets=2`
  expect((await api.get(`/api/v1/buckets?${query}`)).body).toEqual([
    {
      tag: `${pump}/temperature`,
      time: [formatTime(start), formatTime(start + 5 * secondUs)],
      count: [5, 5],
      min: [80, 85],
      max: [84, 89],
      sum: [410, 435],
      mean: [82, 87],
      std: [Math.SQRT2, Math.SQRT2],
      timeMean: [expect.closeTo(82, 5), expect.closeTo(86.5, 5)],
      first: [80, 85],
      last: [84, 89],
    },
    expect.objectContaining({ tag: `${pump}/vibration`, mean: [0.5, 0.5] }),
  ])
  expect(await api.get(`/api/v1/buckets?tag=${pump}/temperature&from=2026-01-02&to=2026-01-01`)).toMatchObject({
    status: 400,
    body: { message: '"to" must be after "from"' },
  })
})

test('arrays come as statistics over time, and one frame as JSON or as binary Float32', async () => {
  const { body } = await api.get(`/api/v1/arrays?tag=${pump}/field`)
  expect(body).toMatchObject({ shape: [2, 2], frames: [{ time: formatTime(start), min: 1, max: 4, mean: 2.5 }, { min: 5 }] })
  expect((await api.get(`/api/v1/arrays/at?tag=${pump}/field&time=${formatTime(start + 5)}`)).body).toEqual({
    tag: `${pump}/field`,
    time: formatTime(start),
    quality: 'good',
    shape: [2, 2],
    data: [1, 2, 3, 4],
  })
  const binary = await api.get(`/api/v1/arrays/at?tag=${pump}/field&time=latest`, { accept: 'application/octet-stream' })
  expect(binary.headers).toMatchObject({
    'millwright-shape': '2x2',
    'millwright-time': formatTime(start + secondUs),
    'millwright-quality': 'good',
  })
  expect([...new Float32Array(new Uint8Array(binary.raw).buffer)]).toEqual([5, 6, 7, 8])
  expect((await api.get(`/api/v1/arrays/at?tag=${pump}/temperature`)).status).toBe(404)
})

test('posted samples are stored, new tags and machines made; each bad one is refused with its reason', async () => {
  const now = systemClock.now()
  const { status, body } = await api.post('/api/v1/samples', [
    { tag: 'site/new/machine/speed', value: 1.5 },
    { tag: 'site/new/machine/on', value: true, time: '2026-01-01T00:00:00.000001Z' },
    { tag: 'site/new/machine/speed', value: 'fast' },
    { tag: 'site/new/machine/speed', value: 2, time: '1969-12-31T23:59:59Z' },
    { tag: 'site/new/machine/speed', value: 2, time: formatTime(now + 7200 * secondUs) },
    { tag: 'site/new/machine/speed', value: 2, time: 'yesterday' },
    { tag: 'speed', value: 2 },
    { tag: 'site/new/machine/../x', value: 2 },
    { tag: 'site/new/machine/speed', value: { deep: 1 } },
    { tag: 'site/new/machine/speed' },
    { tag: 'site/new/machine/speed', value: 1, color: 'red' },
    { tag: 'site/new/machine/speed', value: 1, quality: 'excellent' },
    'rubbish',
    { tag: 'site/new/machine/lost', value: null, quality: 'badSensorFailure' },
    { tag: 'site/new/machine/lost2', value: null, quality: 'good' },
    { tag: `${pump}/temperature`, value: 'hot' },
  ])
  expect(status).toBe(200)
  expect(body).toMatchObject({ accepted: 3 })
  const { rejected } = body as { rejected: { index: number; reason: string }[] }
  expect(rejected.map(({ index }) => index)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 15])
  expect(rejected[0]?.reason).toMatch(/is of kind number, this value is of kind text/)
  expect(rejected[1]?.reason).toBe('the time is before 1970')
  expect(rejected[2]?.reason).toMatch(/more than an hour ahead/)
  expect(rejected[3]?.reason).toMatch(/"yesterday" is no ISO 8601 time/)
  expect(rejected.at(-1)?.reason).toMatch(/is of kind number, this value is of kind text/)
  expect((await api.get('/api/v1/samples?tag=site/new/machine/on')).body).toMatchObject({
    samples: [{ time: '2026-01-01T00:00:00.000001Z', value: true, quality: 'good' }],
  })
  expect((await api.get('/api/v1/samples?tag=site/new/machine/lost')).body).toMatchObject({
    samples: [{ value: null, quality: 'badSensorFailure' }],
  })
  expect((await api.get('/api/v1/machines/site/new/machine')).body).toMatchObject({ name: 'machine', profile: null, status: 'healthy' })
})

test('posting the same samples twice keeps them once', async () => {
  const sample = { tag: 'site/new/twice/x', value: 1, time: '2026-01-01T00:00:00Z' }
  for (let time = 0; time < 2; time++)
    expect((await api.post('/api/v1/samples', [sample, sample])).body).toEqual({ accepted: 2, rejected: [] })
  expect((await api.get('/api/v1/samples?tag=site/new/twice/x')).body).toMatchObject({ samples: [{ value: 1 }], next: null })
})

test('bodies that are no list, no JSON, or too large get a plain answer', async () => {
  expect(await api.post('/api/v1/samples', { tag: 'a/b', value: 1 })).toMatchObject({ status: 400, body: { error: 'badRequest' } })
  expect(await api.post('/api/v1/samples', '[{')).toMatchObject({ status: 400 })
  expect(await api.post('/api/v1/samples', `"${'x'.repeat(17 << 20)}"`)).toMatchObject({
    status: 413,
    body: { message: expect.stringMatching(/larger than \d+ bytes/) },
  })
  expect(await api.post('/api/v1/samples', '[{"__proto__": {"admin": true}, "tag": "site/new/p/x", "value": 1}]')).toMatchObject({
    body: { accepted: 1 },
  })
})

test('queries that make no sense are 400 with what and where', async () => {
  expect(await api.get(`/api/v1/samples?tag=${pump}/temperature&limit=0`)).toMatchObject({
    status: 400,
    body: { message: expect.stringContaining('limit') },
  })
  expect(await api.get(`/api/v1/samples?tag=${pump}/temperature&from=now`)).toMatchObject({
    status: 400,
    body: { message: expect.stringContaining('"now" is no ISO 8601 time') },
  })
  expect(await api.get(`/api/v1/samples?tag=${pump}/temperature&cursor=zzz`)).toMatchObject({
    status: 400,
    body: { message: expect.stringContaining('is no cursor') },
  })
  expect(await api.get('/api/v1/samples?tag=site/none/x')).toMatchObject({ status: 404 })
  expect(await api.get('/api/v1/nothing')).toMatchObject({ status: 404, body: { message: expect.stringContaining('/openapi.json') } })
})

test('array samples are told by their shape, rows without a value by null, also when the newest has none', async () => {
  const tag = 'site/new/camera/picture'
  const array = { shape: [1, 2], data: Float32Array.of(1, 2) }
  await api.put(
    { tag, time: start, value: array },
    { tag, kind: 'array', time: start + 1, value: null, quality: qualities.badSensorFailure.code },
    { tag, time: start + 2, value: array, quality: qualities.bad.code },
    { tag, kind: 'array', time: start + 3, value: null, quality: qualities.badNotConnected.code },
  )
  const values = [{ shape: [1, 2] }, null, { shape: [1, 2] }, null]
  for (const [order, expected] of Object.entries({ asc: values, desc: values.toReversed() })) {
    const { body } = await api.get(`/api/v1/samples?tag=${tag}&order=${order}`)
    expect((body as { samples: { value: unknown }[] }).samples.map(({ value }) => value)).toEqual(expected)
  }
})

test('names with spaces, percent signs, far alphabets and great length are found as they were posted', async () => {
  const machines = ['Tank 50%', 'constructor', '泵站 1', `${'池'.repeat(60)}/${'池'.repeat(60)}/${'池'.repeat(60)}/${'池'.repeat(60)}`]
  const posted = machines.map((machine) => ({ tag: `${machine}/Füllstand ½`, value: 1 }))
  expect((await api.post('/api/v1/samples', posted)).body).toEqual({ accepted: machines.length, rejected: [] })
  for (const path of machines) {
    const encoded = path.split('/').map(encodeURIComponent).join('/')
    expect((await api.get(`/api/v1/machines/${encoded}`)).body).toMatchObject({ path, tagCount: 1 })
    expect((await api.get(`/api/v1/samples?tag=${encoded}/F%C3%BCllstand+%C2%BD`)).body).toMatchObject({ samples: [{ value: 1 }] })
  }
  expect(await api.get('/api/v1/machines/%zz')).toMatchObject({ status: 400, body: { error: 'badRequest' } })
})

test('times far outside the plant are answered with what there is', async () => {
  const range = 'from=0001-01-01&to=9999-12-31'
  expect((await api.get(`/api/v1/samples?tag=${pump}/temperature&${range}`)).body).toMatchObject({ samples: { length: 10 } })
  const [buckets] = (await api.get(`/api/v1/buckets?tag=${pump}/temperature&${range}&buckets=10000`)).body as { count: number[] }[]
  expect(buckets?.count).toEqual([10])
  expect((await api.get(`/api/v1/arrays?tag=${pump}/field&${range}`)).body).toMatchObject({ frames: { length: 2 } })
})

test('numbers beyond all bounds and years beyond the calendar are refused in plain words', async () => {
  const { body } = await api.post(
    '/api/v1/samples',
    '[{"tag":"a/b","value":1e400},{"tag":"a/b","value":1,"time":"9999-12-31"},{"tag":"a/b","value":1,"time":"0001-01-01"}]',
  )
  expect(body).toMatchObject({
    accepted: 0,
    rejected: [
      { reason: 'the value is infinite' },
      { reason: expect.stringContaining('the time 9999-12-31T00:00:00.000000Z is more than an hour ahead') },
      { reason: 'the time is before 1970' },
    ],
  })
  expect(await api.get('/api/v1/machines/a')).toMatchObject({ status: 404 })
})

test('an uplink request that carries no frames is refused, not broken', async () => {
  const authorization = `Bearer ${await api.token('far')}`
  const headers = { host: '127.0.0.1:8080', authorization, 'millwright-outbox': 'x' }
  for (const payload of [undefined, { frames: [] }])
    expect(
      (await api.server.inject({ method: 'POST', url: '/api/v1/uplink/frames', headers, ...(payload && { payload }) })).json(),
    ).toMatchObject({
      error: 'rejected',
      message: expect.stringContaining('application/vnd.millwright.frames'),
    })
})

test('the older twin finds its newest ten readings at /data', async () => {
  const { body } = await api.get('/data')
  expect(body).toHaveLength(10)
  expect((body as unknown[])[0]).toEqual({
    id: start + 9 * secondUs + 1,
    timestamp: formatTime(start + 9 * secondUs + 1),
    temperature: 89,
    vibration: 0.5,
    pressure: null,
  })
})

test('a machine of which only bad values are left was last seen with its last good one', async () => {
  const lost = systemClock.now()
  const bad = { kind: 'number', value: null, quality: qualities.badNotConnected.code } as const
  await api.put({ tag: 'site/new/lost/x', kind: 'number', time: lost - 60 * secondUs, value: 1, quality: 0 })
  await api.put({ tag: 'site/new/lost/x', ...bad, time: lost })
  const seen = { status: 'offline', lastSeen: formatTime(lost - 60 * secondUs) }
  expect((await api.get('/api/v1/machines/site/new/lost')).body).toMatchObject(seen)
  await api.put({ tag: 'site/new/lost/x', ...bad, time: lost + 1 })
  expect((await api.get('/api/v1/machines')).body).toContainEqual(expect.objectContaining({ name: 'lost', ...seen }))
})

test('a bad value does not count as seen, and faults of the simulation are 404 without the demo', async () => {
  await api.put({ tag: 'site/new/gone/x', kind: 'number', time: systemClock.now(), value: null, quality: qualities.badNotConnected.code })
  expect((await api.get('/api/v1/machines/site/new/gone')).body).toMatchObject({ status: 'offline', lastSeen: null })
  expect((await api.get('/api/v1/sim/faults')).status).toBe(404)
})

test('the OpenAPI document describes every route, and there is a page for it', async () => {
  const { body } = await api.get('/openapi.json')
  const { paths, openapi } = body as { paths: Record<string, object>; openapi: string }
  expect(openapi).toMatch(/^3\.1/)
  expect(Object.keys(paths)).toEqual(
    expect.arrayContaining([
      '/api/v1/health',
      '/api/v1/machines',
      '/api/v1/machines/{path}',
      '/api/v1/tags',
      '/api/v1/samples',
      '/api/v1/buckets',
      '/api/v1/export',
      '/api/v1/arrays',
      '/api/v1/arrays/at',
      '/api/v1/connections',
      '/api/v1/gateways',
      '/data',
    ]),
  )
  expect(Object.keys(paths['/api/v1/samples'] ?? {})).toEqual(['get', 'delete', 'post'])
  const parameters = (paths['/api/v1/buckets'] as { get: { parameters: unknown } }).get.parameters
  expect(parameters).toMatchObject([
    { name: 'tag', in: 'query', required: true, schema: { anyOf: [{ type: 'array', items: { type: 'string' } }, { type: 'string' }] } },
    { name: 'from', required: true, schema: { type: 'string', format: 'date-time' } },
    { name: 'to', required: true, schema: { type: 'string', format: 'date-time' } },
    { name: 'buckets', required: false },
    { name: 'every', required: false },
    { name: 'zone', required: false },
  ])
  expect((await api.get('/docs/')).status).toBe(200)
})

test('a foreign page in a local browser and a foreign name for this machine get nothing', async () => {
  expect((await api.get('/api/v1/machines', { origin: 'https://evil.example' })).status).toBe(403)
  expect((await api.get('/api/v1/machines', { host: 'rebound.example:8080' })).status).toBe(403)
  expect((await api.get('/api/v1/machines', { origin: 'http://localhost:5173' })).status).toBe(200)
})
