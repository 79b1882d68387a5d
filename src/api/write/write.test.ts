// InfluxDB's way in, over real HTTP and with a foreign client.
import { execFile } from 'node:child_process'
import { gzipSync } from 'node:zlib'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { Overloaded, RetryLater } from '#core/errors.ts'
import { plantSchema } from '#core/plant.ts'
import { testApi, type TestApi } from '#test/support/api.ts'
import { requireTool } from '#test/support/tool.ts'

let api: TestApi
let url: string
beforeAll(async () => {
  api = await testApi({ ...plantSchema.parse({ plant: 'p', machines: [] }), profiles: new Map() })
  await api.server.listen({ host: '127.0.0.1', port: 0 })
  url = `http://127.0.0.1:${(api.server.server.address() as AddressInfo).port}`
})
afterAll(() => api.close())

async function send(path: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) {
  const answer = await fetch(`${url}${path}`, { method: 'POST', body, headers })
  const text = await answer.text()
  return { status: answer.status, headers: answer.headers, body: text === '' ? undefined : (JSON.parse(text) as Record<string, unknown>) }
}

/** Answers with the status. */
function curl(body: Uint8Array, ...args: string[]): Promise<string> {
  const all = ['-sS', '-o', '/dev/null', '-w', '%{http_code}', ...args]
  return new Promise((resolve, reject) => {
    const child = execFile(requireTool('curl', 'curl'), all, (error, status) => (error ? reject(error) : resolve(status)))
    child.stdin?.end(body)
  })
}

const writes = ['/write?db=plant', '/api/v2/write?org=o&bucket=b']

test.each(writes)('POST %s stores every type of field and answers 204', async (path) => {
  const measurement = path.includes('v2') ? 'two' : 'one'
  const lines = `${measurement},host=h1 float=1.5,integer=-7i,unsigned=7u,on=true,state="läuft" 1767225600123456789\n`
  expect(await send(path, lines)).toMatchObject({ status: 204, body: undefined })
  const latest = (field: string) => api.store.latest(`influx/${measurement}/host:h1/${field}`)
  const time = 1767225600123456
  expect(['float', 'integer', 'unsigned', 'on', 'state'].map(latest)).toEqual(
    [1.5, -7, 7, true, 'läuft'].map((value) => ({ time, value, quality: 0 })),
  )
})

test('times come in every unit of both versions, and without one the time of arrival counts', async () => {
  const units = { n: 1e9, ns: 1e9, u: 1e6, us: 1e6, ms: 1e3, s: 1, m: 1 / 60, h: 1 / 3600 }
  for (const [precision, perSecond] of Object.entries(units)) {
    expect(await send(`/write?precision=${precision}`, `units u_${precision}=1 ${1767225600 * perSecond}`)).toMatchObject({ status: 204 })
    expect(api.store.latest(`influx/units/u_${precision}`)?.time).toBe(1767225600e6)
  }
  const before = Date.now() * 1000
  await send('/api/v2/write?precision=s', 'units now=1')
  expect(api.store.latest('influx/units/now')?.time).toBeGreaterThanOrEqual(before - 1000)
})

test('the good lines of a post are stored, and what is wrong with the others is said as InfluxDB says it', async () => {
  const lines =
    '# a comment\nmix ok=1 1000\nmix\n\nmix n=9007199254740993i\r\nmix ok="text" 2000\nmix later=1 9999999999999999999\nmix ok=2 2000'
  const message =
    'partial write: line 3: there are no fields; write measurement,tag=value field=value time; ' +
    'line 5: the integer of field "n" would lose digits: counters are exact up to 9007199254740992; send it as a float where that does not matter; ' +
    'line 6: tag "influx/mix/ok" is of kind number, this value is of kind text; send it under another name, or as number; ' +
    "line 7: the time 2286-11-20T17:46:40.000000Z is more than an hour ahead of the server's clock"
  expect(await send('/write', lines)).toMatchObject({ status: 400, body: { error: message } })
  expect((await api.store.read('influx/mix/ok', 0, 1e15, 10)).value).toEqual(Float64Array.of(1, 2))
  expect(await send('/api/v2/write', 'rubbish')).toMatchObject({
    status: 400,
    body: { code: 'invalid', message: expect.stringMatching(/^unable to parse: line 1: there are no fields/) },
  })
  const many = await send('/write', 'x\n'.repeat(20_000))
  expect(many.body?.['error']).toMatch(/^unable to parse: line 1: .*; line 5: .*; and 19995 more$/)
})

test('faults in a large post are named by the lines they are in, wherever they are', async () => {
  const lines = Array.from({ length: 60_000 }, (_, index) => `large,sensor=s${index % 100} value=${index} ${1e18 + index * 1000}`)
  lines[40_000] = 'large,sensor=s1 value=true 1'
  lines[50_000] = 'large,sensor'
  const { body } = await send('/write', lines.join('\n'))
  expect(body?.['error']).toMatch(/^partial write: line 40001: tag .* of kind boolean.*; line 50001: there are no fields; .*$/)
  expect(api.store.latest('influx/large/sensor:s99/value')).toMatchObject({ value: 59_999, time: 1e15 + 59_999 })
})

test('lines come as the clients send them: packed, under any content type, in chunks', async () => {
  const packed = gzipSync('packed a=1 1000')
  for (const type of ['text/plain; charset=utf-8', 'application/octet-stream', 'application/json', 'application/x-www-form-urlencoded'])
    expect(await send('/api/v2/write', packed, { 'content-encoding': 'gzip', 'content-type': type })).toMatchObject({ status: 204 })
  const data = ['--data-binary', '@-', '-H', 'content-encoding: gzip']
  expect(await curl(packed, ...data, `${url}/write?db=x`)).toBe('204')
  expect(await curl(packed, ...data, '-H', 'transfer-encoding: chunked', '-H', 'content-type:', `${url}/write?db=x`)).toBe('204')
  expect(api.store.latest('influx/packed/a')).toMatchObject({ value: 1, time: 1 })
})

test('what clients ask before they write is answered', async () => {
  for (const method of ['GET', 'HEAD', 'POST']) {
    const { status, headers } = await fetch(`${url}/ping`, { method })
    expect([status, headers.get('x-influxdb-version')]).toEqual([204, '1.8.10-millwright-0.0.0'])
  }
  expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ name: 'influxdb', status: 'pass' })
  const created = { status: 200, body: { results: [{ statement_id: 0 }] } }
  expect(await send(`/query?q=${encodeURIComponent('CREATE DATABASE "telegraf"')}`, '')).toMatchObject(created)
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  expect(await send('/query', 'q=CREATE+DATABASE+telegraf', form)).toMatchObject(created)
  expect(await send('/query?db=x', 'q=SELECT+1', form)).toMatchObject({
    status: 400,
    body: { error: expect.stringContaining('/api/v1/samples') },
  })
})

test('a wrong precision and a body that is not what it says are 400 with the mend', async () => {
  expect(await send('/write?precision=d', 'm v=1')).toMatchObject({
    status: 400,
    body: { error: 'precision: "d" is no precision; write one of n, ns, u, us, µ, ms, s, m, h' },
  })
  expect(await send('/api/v2/write', 'm v=1', { 'content-encoding': 'gzip' })).toMatchObject({
    status: 400,
    body: { code: 'invalid', message: expect.stringContaining('cannot be unpacked') },
  })
  expect(await send('/api/v2/write', 'm v=1', { 'content-encoding': 'br' })).toMatchObject({ status: 415 })
})

test.each([
  [new Overloaded('too much', 2000), 429, 'too many requests', '2'],
  [new RetryLater('the disk is full', 5000), 503, 'unavailable', '5'],
])('what cannot be stored now is to be sent again: %s is %i', async (error, status, code, retryAfter) => {
  const append = vi.spyOn(api.store, 'append').mockRejectedValue(error)
  try {
    const answer = await send('/api/v2/write', 'm v=1')
    expect(answer).toMatchObject({ status, body: { code, message: error.message } })
    expect(answer.headers.get('retry-after')).toBe(retryAfter)
    expect(await send('/write', 'm v=1')).toMatchObject({ status, body: { error: error.message } })
  } finally {
    append.mockRestore()
  }
})
