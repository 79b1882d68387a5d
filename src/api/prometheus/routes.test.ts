import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '#core/clock.ts'
import { plantSchema, type Plant } from '#core/plant.ts'
import { profileSchema } from '#core/profile.ts'
import { secondUs } from '#core/time.ts'
import { testApi, type TestApi } from '#test/support/api.ts'

const profile = profileSchema.parse({
  profile: 'pump',
  title: 'Pump',
  tags: { temperature: { unit: '°C', description: 'of the bearing' }, running: { kind: 'boolean' }, state: { kind: 'text' } },
})
const plant: Plant = {
  ...plantSchema.parse({ plant: 'p', machines: [{ path: 'site/area/line/pump', profile: 'pump' }] }),
  profiles: new Map([['pump', profile]]),
}
const start = Date.UTC(2026, 0, 1) * 1000
const startSeconds = start / secondUs
const temperature = {
  __name__: 'temperature',
  tag: 'site/area/line/pump/temperature',
  machine: 'pump',
  site: 'site',
  area: 'area',
  line: 'line',
  unit: '°C',
  profile: 'pump',
}

let api: TestApi
beforeAll(async () => {
  api = await testApi(plant)
  await api.put(
    ...[20, 21, 22].map((value, second) => ({ tag: 'site/area/line/pump/temperature', time: start + second * secondUs, value })),
    { tag: 'site/area/line/pump/running', time: start, value: true },
    { tag: 'site/area/line/pump/state', time: start, value: 'idle' },
    { tag: 'other/temperature', time: systemClock.now() - secondUs, value: -1 },
  )
})
afterAll(() => api.close())

const ask = (path: string, parameters: Record<string, string> = {}) =>
  api.get(`/api/v1/${path}?${new URLSearchParams(parameters).toString()}`)

async function postForm(path: string, form: string, type = 'application/x-www-form-urlencoded') {
  const headers = { host: '127.0.0.1', 'content-type': type }
  const answer = await api.server.inject({ method: 'POST', url: `/api/v1/${path}`, headers, payload: form })
  return { status: answer.statusCode, body: answer.json<unknown>() }
}

test('a query is answered the same by GET, by a posted form, and by a form that adds to the address', async () => {
  const expected = {
    status: 'success',
    data: { resultType: 'vector', result: [{ metric: temperature, value: [startSeconds + 1.5, '21'] }] },
  }
  const query = 'temperature{machine="pump"}'
  const form = new URLSearchParams({ query, time: String(startSeconds + 1.5) }).toString()
  expect(await ask('query', { query, time: '2026-01-01T00:00:01.5Z' })).toMatchObject({ status: 200, body: expected })
  expect(await postForm('query', form)).toEqual({ status: 200, body: expected })
  expect(await postForm(`query?${form}`, '')).toEqual({ status: 200, body: expected })
  expect((await ask('query', { query })).body).toEqual({ status: 'success', data: { resultType: 'vector', result: [] } })
  expect((await ask('query', { query: 'temperature{machine="other"}' })).body).toMatchObject({
    data: { result: [{ value: [expect.any(Number), '-1'] }] },
  })
})

test.each(['1', '1s', '1000ms', '1e0'])('a range is answered with a step of %s', async (step) => {
  const range = { start: String(startSeconds), end: '2026-01-01T00:00:03Z', step }
  const { status, body } = await ask('query_range', { query: 'temperature > 20.5', ...range })
  const values = [1, 2, 3].map((second) => [startSeconds + second, String(Math.min(22, 20 + second))])
  expect({ status, body }).toEqual({
    status: 200,
    body: { status: 'success', data: { resultType: 'matrix', result: [{ metric: temperature, values }] } },
  })
})

test('numbers are written as Prometheus writes them', async () => {
  const textOf = async (query: string) =>
    ((await ask('query', { query, time: '0' })).body as { data: { result: [number, string] } }).data.result[1]
  expect(await Promise.all(['1/0', '-1/0', '0/0', '0.1', '"a \\"text\\""'].map(textOf))).toEqual(['+Inf', '-Inf', 'NaN', '0.1', 'a "text"'])
})

test('a long answer comes in pieces that are one JSON text', async () => {
  const { body } = await ask('query_range', { query: 'vector(time())', start: '0', end: '10000', step: '1' })
  const { values } = (body as { data: { result: { values: [number, string][] }[] } }).data.result[0] as { values: [number, string][] }
  expect(values).toEqual(Array.from({ length: 10_001 }, (_, second) => [second, String(second)]))
})

describe('errors have the form of Prometheus', () => {
  const range = { start: '0', end: '100', step: '1' }
  test.each([
    ['query', {}, 400, 'bad_data', 'query: give an expression, as in temperature'],
    ['query', { query: 'a b' }, 400, 'bad_data', 'there is "b" where an operator or the end should be, at character 3 of the query'],
    [
      'query',
      { query: '1', time: 'noon' },
      400,
      'bad_data',
      'time: "noon" is no time: write seconds since 1970 or RFC 3339, as in 2026-01-31T12:00:00Z',
    ],
    ['query', { query: '1', time: '1e300' }, 400, 'bad_data', expect.stringContaining('is no time')],
    ['query', { query: '1', timeout: '0' }, 400, 'bad_data', expect.stringContaining('"0" is no duration longer than 0')],
    ['query_range', { query: '1' }, 400, 'bad_data', expect.stringContaining('start: ')],
    ['query_range', { query: '1', ...range, step: '-1' }, 400, 'bad_data', expect.stringContaining('"-1" is no duration longer than 0')],
    ['query_range', { query: '1', ...range, end: '-1' }, 400, 'bad_data', expect.stringContaining('"-1" is no time')],
    ['query_range', { query: '1', ...range, start: '101' }, 400, 'bad_data', 'the end is before the start'],
    [
      'query_range',
      { query: '"a"', ...range },
      400,
      'bad_data',
      'a query over a range gives numbers or instant vectors; this gives a text',
    ],
    [
      'query_range',
      { query: '1', ...range, step: '0.001' },
      422,
      'execution',
      'a series would have 100001 points, at most 11000 are possible; ask for a longer step',
    ],
    ['query', { query: 'temperature + on () vector(1)', time: String(startSeconds) }, 200, undefined, undefined],
    [
      'query',
      { query: 'label_replace(vector(1), "no label", "", "", "")' },
      422,
      'execution',
      '"no label" cannot name a label; write letters, digits and _',
    ],
    ['series', {}, 400, 'bad_data', 'match[]: give it at least once'],
    ['series', { 'match[]': 'sum(a)' }, 400, 'bad_data', '"sum(a)" is no series selector such as temperature{machine="pump-1"}'],
    ['label/no-label/values', {}, 400, 'bad_data', 'name: a label is named in letters, digits and _'],
    ['labels', { limit: '-1' }, 400, 'bad_data', expect.stringContaining('limit')],
  ])('%s %j', async (path, parameters, status, errorType, error) => {
    const answer = await ask(path, parameters)
    expect(answer.status).toBe(status)
    if (status !== 200) expect(answer.body).toEqual({ status: 'error', errorType, error })
  })

  test('in what is posted, too', async () => {
    expect(await postForm('query', 'query=%28')).toMatchObject({ status: 400, body: { status: 'error', errorType: 'bad_data' } })
    expect(await postForm('query', '')).toMatchObject({ status: 400, body: { status: 'error', errorType: 'bad_data' } })
    expect(await postForm('query', 'query=1&query=2')).toMatchObject({ status: 400, body: { status: 'error', errorType: 'bad_data' } })
    expect(await postForm('query', 'query=1', 'application/xml')).toMatchObject({
      status: 415,
      body: { status: 'error', errorType: 'bad_data' },
    })
    expect(await postForm('query', `query=${'1'.repeat(2 << 20)}`)).toMatchObject({ status: 413, body: { status: 'error' } })
  })

  test('when a query takes too long', async () => {
    let elapsedMs = 0
    const slow = await testApi(plant, { clock: { ...systemClock, elapsedMs: () => (elapsedMs += 40_000) } })
    expect(await slow.get('/api/v1/query?query=temperature')).toMatchObject({
      status: 503,
      body: { status: 'error', errorType: 'timeout', error: 'the query took longer than 30 s; ask for fewer series or less time' },
    })
    await slow.close()
  })
})

test('label names, their values and series are those of numbers and booleans', async () => {
  const labels = ['__name__', 'area', 'line', 'machine', 'profile', 'site', 'tag', 'unit']
  expect((await ask('labels')).body).toEqual({ status: 'success', data: labels })
  expect((await postForm('labels', 'match[]={machine="other"}')).body).toEqual({ status: 'success', data: ['__name__', 'machine', 'tag'] })
  expect((await ask('labels', { limit: '2' })).body).toEqual({ status: 'success', data: ['__name__', 'area'] })
  expect((await ask('label/__name__/values')).body).toEqual({ status: 'success', data: ['running', 'temperature'] })
  expect((await ask('label/machine/values', { 'match[]': 'running' })).body).toEqual({ status: 'success', data: ['pump'] })
  expect((await ask('label/machine/values', { start: String(startSeconds + 3) })).body).toEqual({ status: 'success', data: ['other'] })
  expect((await ask('label/none/values')).body).toEqual({ status: 'success', data: [] })
  expect((await api.get('/api/v1/series?match[]=temperature{unit="°C"}&match[]={tag=~"other/.*"}')).body).toEqual({
    status: 'success',
    data: [temperature, { __name__: 'temperature', tag: 'other/temperature', machine: 'other' }],
  })
})

test('metadata tell unit and description', async () => {
  const gauge = { type: 'gauge', help: '', unit: '' }
  const temperatures = [{ type: 'gauge', help: 'of the bearing', unit: '°C' }, gauge]
  expect((await ask('metadata')).body).toEqual({ status: 'success', data: { running: [gauge], temperature: temperatures } })
  expect((await ask('metadata', { metric: 'temperature' })).body).toEqual({ status: 'success', data: { temperature: temperatures } })
  expect((await ask('metadata', { metric: 'no"ne' })).body).toEqual({ status: 'success', data: {} })
  expect((await ask('metadata', { limit: '1' })).body).toEqual({ status: 'success', data: { temperature: temperatures } })
})

test('Grafana learns whose API this is', async () => {
  expect((await ask('status/buildinfo')).body).toMatchObject({
    status: 'success',
    data: { version: '2.42.0', revision: 'millwright-0.0.0' },
  })
})
