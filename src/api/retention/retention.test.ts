// What is told of how long things are kept.
import { expect, onTestFinished, test } from 'vitest'
import { plantSchema } from '#core/plant.ts'
import { formatTime, parseTime } from '#core/time.ts'
import { testApi } from '#test/support/api.ts'

const plant = { ...plantSchema.parse({ plant: 'p' }), profiles: new Map() }
const start = parseTime('2026-01-01') as number

test('the rules are told, the quota, and what is still there of a tag', async () => {
  const rules = [{ tags: 'm/*', raw: 7, hours: 'forever' as const }]
  const api = await testApi(plant, { keeping: { rules, bytesMax: 5e9, notice: () => 'nearly full' } })
  onTestFinished(() => api.close())
  await api.put({ tag: 'm/x', time: start, value: 1 }, { tag: 'm/x', time: start + 5, value: 2 })
  const told = { rules, otherwise: { raw: 30, minutes: 365, hours: 'forever' }, quota: { bytesMax: 5e9, bytes: 0, notice: 'nearly full' } }
  expect(await api.get('/api/v1/retention')).toMatchObject({ status: 200, body: told })
  expect((await api.get('/api/v1/retention?tag=m/x')).body).toEqual({
    ...told,
    tag: { path: 'm/x', keep: { raw: 7, minutes: 365, hours: 'forever' }, oldest: formatTime(start), newest: formatTime(start + 5) },
  })
  expect(await api.get('/api/v1/retention?tag=m/none')).toMatchObject({ status: 404 })
})

test('without a quota that is null, and where everything is kept nothing is told', async () => {
  const api = await testApi(plant, { keeping: { rules: [], bytesMax: Infinity, notice: () => undefined } })
  onTestFinished(() => api.close())
  expect((await api.get('/api/v1/retention')).body).toMatchObject({ rules: [], quota: { bytesMax: null, notice: null } })
  const other = await testApi(plant)
  onTestFinished(() => other.close())
  expect(await other.get('/api/v1/retention')).toMatchObject({ status: 404 })
})
