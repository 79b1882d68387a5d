// What is deleted is gone, and nothing else.
import { expect, onTestFinished, test } from 'vitest'
import { RetryLater } from '#core/errors.ts'
import { plantSchema } from '#core/plant.ts'
import { profileSchema } from '#core/profile.ts'
import { formatTime, parseTime, secondUs } from '#core/time.ts'
import { testApi } from '#test/support/api.ts'

const start = parseTime('2026-01-01') as number
const profile = profileSchema.parse({ profile: 'pump', title: 'Pump', tags: { on: { kind: 'boolean' } } })

async function setUp() {
  const plant = plantSchema.parse({ plant: 'p', machines: [{ path: 's/pump', profile: 'pump' }] })
  const api = await testApi({ ...plant, profiles: new Map([['pump', profile]]) })
  onTestFinished(() => api.close())
  await api.put(
    ...Array.from({ length: 10 }, (_, second) => ({ tag: 'm/x', time: start + second * secondUs, value: second })),
    { tag: 'm/y', time: start, value: 1 },
    { tag: 's/pump/on', time: start, value: true },
  )
  const remove = async (what: string) => {
    const answer = await api.server.inject({ method: 'DELETE', url: `/api/v1/${what}`, headers: { host: '127.0.0.1' } })
    return { status: answer.statusCode, body: answer.json<unknown>() }
  }
  const tags = async () => ((await api.get('/api/v1/tags')).body as { path: string }[]).map(({ path }) => path)
  return { api, remove, tags }
}

const range = (from: number, to: number) => `from=${formatTime(start + from * secondUs)}&to=${formatTime(start + to * secondUs)}`

test('samples of a range are deleted, the newest among them too', async () => {
  const { api, remove, tags } = await setUp()
  expect(await remove(`samples?tag=m/x&${range(2, 4)}`)).toEqual({ status: 200, body: { removed: 2 } })
  expect(await remove(`samples?tag=m/x&${range(8, 100)}`)).toEqual({ status: 200, body: { removed: 2 } })
  expect(await remove(`samples?tag=m/x&${range(8, 100)}`)).toEqual({ status: 200, body: { removed: 0 } })
  const { samples } = (await api.get('/api/v1/samples?tag=m/x')).body as { samples: { value: number }[] }
  expect(samples.map(({ value }) => value)).toEqual([0, 1, 4, 5, 6, 7])
  expect(api.store.latest('m/x')?.value).toBe(7)
  expect(await tags()).toEqual(['s/pump/on', 'm/x', 'm/y'])
})

test('a whole tag is deleted and forgotten, its machine with the last one, and may come again as another kind', async () => {
  const { api, remove, tags } = await setUp()
  expect(await remove('tags?tag=m/x')).toEqual({ status: 200, body: { removed: 10 } })
  expect(await tags()).toEqual(['s/pump/on', 'm/y'])
  expect(await remove('tags?tag=m/y')).toEqual({ status: 200, body: { removed: 1 } })
  expect(await api.get('/api/v1/machines/m')).toMatchObject({ status: 404 })
  expect(await api.post('/api/v1/samples', [{ tag: 'm/x', value: 'text' }])).toMatchObject({ body: { accepted: 1 } })
  expect(await tags()).toEqual(['s/pump/on', 'm/x'])
})

test('a tag of a profile stays known, without samples', async () => {
  const { api, remove } = await setUp()
  expect(await remove('tags?tag=s/pump/on')).toEqual({ status: 200, body: { removed: 1 } })
  expect((await api.get('/api/v1/tags?machine=s/pump')).body).toEqual([{ path: 's/pump/on', kind: 'boolean', unit: null, latest: null }])
})

test('samples that come while their tag is deleted make it known again, and a tag that could not be deleted stays', async () => {
  const { api, remove, tags } = await setUp()
  const really = api.store.remove.bind(api.store)
  api.store.remove = async (path) => {
    const removed = await really(path)
    await api.put({ tag: 'm/x', time: start, value: 'new' })
    return removed
  }
  expect(await remove('tags?tag=m/x')).toMatchObject({ status: 200 })
  expect(await tags()).toContain('m/x')
  api.store.remove = () => Promise.reject(new RetryLater('the disk is full'))
  expect(await remove('tags?tag=m/x')).toMatchObject({ status: 503 })
  expect(await tags()).toContain('m/x')
})

test.each([
  ['samples?tag=m/x', 400, 'from: '],
  [`samples?tag=m/x&from=${formatTime(start)}`, 400, 'to: '],
  [`samples?tag=m/x&${range(4, 2)}`, 400, '"to" must be after "from"'],
  [`samples?tag=m/none&${range(0, 2)}`, 404, 'there is no tag "m/none"'],
  ['tags?tag=m/none', 404, 'there is no tag "m/none"'],
  ['tags', 400, 'tag: '],
])('DELETE %s is refused with %i and deletes nothing', async (what, status, sentence) => {
  const { api, remove } = await setUp()
  expect(await remove(what)).toMatchObject({ status, body: { message: expect.stringContaining(sentence) } })
  expect(api.store.statistics().samples).toBe(12)
})
