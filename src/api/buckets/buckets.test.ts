import { afterAll, beforeAll, expect, test } from 'vitest'
import { plantSchema } from '#core/plant.ts'
import { hourUs, parseTime } from '#core/time.ts'
import { testApi, type TestApi } from '#test/support/api.ts'
import { bucketsSchema } from './schema.ts'

const shifts = [
  { name: 'day', start: '06:00' },
  { name: 'night', start: '18:00' },
]
let api: TestApi
beforeAll(async () => {
  const calendar = { zone: 'Europe/Berlin', shifts }
  api = await testApi({ ...plantSchema.parse({ plant: 'p', calendar }), profiles: new Map() }, { calendar })
  const midnight = parseTime('2026-03-28T23:00Z') as number
  await api.put(...[0, 22, 23, 50].map((hour) => ({ tag: 'm/x', time: midnight + hour * hourUs, value: hour })))
})
afterAll(() => api.close())

const range = 'tag=m/x&from=2026-03-28T20:00Z&to=2026-03-31T02:00Z'
async function bucketsOf(query: string) {
  const { status, body } = await api.get(`/api/v1/buckets?${query}`)
  expect(status).toBe(200)
  const [columns] = bucketsSchema.parse(body)
  return columns?.time.map((time, row) => [time.slice(5, 13), columns.end?.[row]?.slice(5, 13), columns.count[row], columns.shift?.[row]])
}

test('days are those of the plant, or of another zone that is asked for; one of them has 23 hours', async () => {
  expect(await bucketsOf(`${range}&every=day`)).toEqual([
    ['03-28T23', '03-29T22', 2, undefined],
    ['03-29T22', '03-30T22', 1, undefined],
    ['03-30T22', '03-31T02', 1, undefined],
  ])
  expect(await bucketsOf(`${range}&every=day&zone=UTC`)).toEqual([
    ['03-28T20', '03-29T00', 1, undefined],
    ['03-29T00', '03-30T00', 2, undefined],
    ['03-31T00', '03-31T02', 1, undefined],
  ])
  expect(await bucketsOf(`${range}&every=1d`)).toEqual(await bucketsOf(`${range}&every=day&zone=UTC`))
})

test('shifts come with their names', async () => {
  expect(await bucketsOf(`${range}&every=shift`)).toEqual([
    ['03-28T20', '03-29T04', 1, 'night'],
    ['03-29T16', '03-30T04', 2, 'night'],
    ['03-30T16', '03-31T02', 1, 'night'],
  ])
})

test('a range without samples, and one of ages, is answered with what there is', async () => {
  expect(await bucketsOf('tag=m/x&from=0001-01-01&to=9999-12-31&every=year')).toEqual([['12-31T23', '12-31T23', 4, undefined]])
  expect(await bucketsOf('tag=m/x&from=2027-01-01&to=2028-01-01&every=month')).toEqual([])
})

test.each([
  ['every=day&buckets=5', 'leave one out'],
  ['zone=UTC', '"zone" is for "every"'],
  ['every=15m&zone=UTC', 'leave "zone" out'],
  ['every=now', '"now" is no interval'],
  ['every=day&zone=Moon', '"Moon" is no time zone'],
  ['every=1s', 'there are 10000 intervals until 2026-03-28T22:46:40.000000Z already'],
])('%s is refused with the mend', async (query, sentence) => {
  expect(await api.get(`/api/v1/buckets?${range}&${query}`)).toMatchObject({
    status: 400,
    body: { message: expect.stringContaining(sentence) },
  })
})
