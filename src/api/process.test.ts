import { afterEach, expect, test } from 'vitest'
import { plantSchema } from '#core/plant.ts'
import { testApi, type TestApi } from '#test/support/api.ts'

const plant = { ...plantSchema.parse({ plant: 'p' }), profiles: new Map() }
let api: TestApi | undefined
afterEach(() => api?.close())

test('a process is alive as long as it answers, and ready when nothing keeps it from its work', async () => {
  let reasons: string[] = []
  api = await testApi(plant, { notReady: async () => reasons })
  expect(await api.get('/livez')).toMatchObject({ status: 200, body: { status: 'alive' } })
  expect(await api.get('/readyz')).toMatchObject({ status: 200, body: { status: 'ready', reasons: [] } })
  reasons = ['NATS cannot be reached']
  expect(await api.get('/readyz')).toMatchObject({ status: 503, body: { status: 'not ready', reasons } })
  expect(await api.get('/livez')).toMatchObject({ status: 200 })
})

const statusFor = async (headers: Record<string, string>) => (await (api as TestApi).get('/livez', headers)).status

test('without host names only this machine is answered', async () => {
  api = await testApi(plant)
  for (const host of ['127.0.0.1:8080', 'localhost', '[::1]:80']) expect(await statusFor({ host })).toBe(200)
  for (const host of ['192.0.2.7:8080', 'evil.example', 'localhost.evil.example']) expect(await statusFor({ host })).toBe(403)
  expect(await statusFor({ origin: 'http://localhost:5173' })).toBe(200)
  for (const origin of ['http://evil.example', 'null', 'http://192.0.2.7']) expect(await statusFor({ origin })).toBe(403)
})

test('with host names it is answered under them and under addresses, which nobody can make point elsewhere', async () => {
  api = await testApi(plant, { hostNames: ['ingest-1', 'plant.example'] })
  for (const host of ['ingest-1:8080', 'plant.example', '192.0.2.7:8080', '[2001:db8::7]:8080', 'localhost'])
    expect(await statusFor({ host })).toBe(200)
  for (const host of ['evil.example', 'ingest-1.evil.example']) expect(await statusFor({ host })).toBe(403)
  expect(await statusFor({ host: 'plant.example', origin: 'https://plant.example' })).toBe(200)
  expect(await statusFor({ host: '192.0.2.7', origin: 'http://192.0.2.7' })).toBe(200)
  for (const origin of ['http://evil.example', 'http://192.0.2.8', 'null']) expect(await statusFor({ host: '192.0.2.7', origin })).toBe(403)
})
