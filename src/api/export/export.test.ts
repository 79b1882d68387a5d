import { zstdDecompressSync } from 'node:zlib'
import { parquetReadObjects } from 'hyparquet'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { plantSchema, type Plant } from '#core/plant.ts'
import { profileSchema } from '#core/profile.ts'
import { qualities } from '#core/quality.ts'
import { formatTime, hourUs, parseTime, secondUs } from '#core/time.ts'
import { testApi, type TestApi } from '#test/support/api.ts'

const profile = profileSchema.parse({
  profile: 'pump',
  title: 'Pump',
  tags: { temperature: { unit: '°C' }, on: { kind: 'boolean' }, mode: { kind: 'text' }, field: { kind: 'array', shape: [2, 2] } },
})
const plant: Plant = {
  ...plantSchema.parse({ plant: 'p', machines: [{ path: 'site/pump', profile: 'pump' }] }),
  profiles: new Map([['pump', profile]]),
}
const start = parseTime('2026-01-01') as number

let api: TestApi
beforeAll(async () => {
  api = await testApi(plant)
  const tag = (name: string) => `site/pump/${name}`
  await api.put(
    { tag: tag('temperature'), time: start, value: 0.1 + 0.2 },
    { tag: tag('temperature'), time: start + 1, value: -0 },
    { tag: tag('temperature'), kind: 'number', time: start + 2 * secondUs, value: null, quality: qualities.badSensorFailure.code },
    { tag: tag('on'), time: start, value: true },
    { tag: tag('mode'), time: start, value: '=HYPERLINK("http://evil")' },
    { tag: tag('mode'), time: start + 1, value: 'läuft, "gut"' },
    { tag: tag('field'), time: start, value: { shape: [2, 2], data: Float32Array.of(1, 2.5, 3, 4) } },
    { tag: tag('field'), kind: 'array', time: start + 1, value: null, quality: qualities.badNotConnected.code },
  )
})
afterAll(() => api.close())

const csvOf = async (query: string) => {
  const { status, body } = await api.get(`/api/v1/export?${query}`)
  return status === 200 ? (body as string).trimEnd().split('\n') : body
}

test('one tag of numbers is a table of four columns and its unit', async () => {
  expect(await csvOf('tag=site/pump/temperature')).toEqual([
    'tag,time,value,quality,unit',
    'site/pump/temperature,2026-01-01T00:00:00.000000Z,0.30000000000000004,good,°C',
    'site/pump/temperature,2026-01-01T00:00:00.000001Z,-0,good,°C',
    'site/pump/temperature,2026-01-01T00:00:02.000000Z,,badSensorFailure,°C',
  ])
  expect((await api.get('/api/v1/export?tag=site/pump/temperature')).headers).toMatchObject({
    'content-type': 'text/csv; charset=utf-8; header=present',
    'content-disposition': 'attachment; filename="millwright-site-pump-temperature.csv"',
  })
})

test('a machine is a table of all its tags, with their kinds, formulas made harmless', async () => {
  expect(await csvOf('machine=site/pump&tag=site/pump/on')).toEqual([
    'tag,time,value,quality,unit,kind',
    'site/pump/on,2026-01-01T00:00:00.000000Z,true,good,,boolean',
    'site/pump/temperature,2026-01-01T00:00:00.000000Z,0.30000000000000004,good,°C,number',
    'site/pump/temperature,2026-01-01T00:00:00.000001Z,-0,good,°C,number',
    'site/pump/temperature,2026-01-01T00:00:02.000000Z,,badSensorFailure,°C,number',
    `site/pump/mode,2026-01-01T00:00:00.000000Z,"'=HYPERLINK(""http://evil"")",good,,text`,
    'site/pump/mode,2026-01-01T00:00:00.000001Z,"läuft, ""gut""",good,,text',
    'site/pump/field,2026-01-01T00:00:00.000000Z,"{""shape"":[2,2],""data"":[1,2.5,3,4]}",good,,array',
    'site/pump/field,2026-01-01T00:00:00.000001Z,,badNotConnected,,array',
  ])
  expect((await api.get('/api/v1/export?machine=site/pump&bucket=day')).headers).toMatchObject({
    'content-disposition': 'attachment; filename="millwright-site-pump-day.csv"',
  })
})

test('JSON lines carry the values as they are', async () => {
  const url = '/api/v1/export?tag=site/pump/mode&tag=site/pump/field&format=jsonl'
  const { payload, headers } = await api.server.inject({ url, headers: { host: '127.0.0.1' } })
  expect(headers['content-type']).toBe('application/x-ndjson')
  const lines = payload.trimEnd().split('\n')
  expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
    { tag: 'site/pump/mode', time: formatTime(start), value: '=HYPERLINK("http://evil")', quality: 'good', kind: 'text' },
    { value: 'läuft, "gut"' },
    { value: { shape: [2, 2], data: [1, 2.5, 3, 4] }, kind: 'array' },
    { value: null, quality: 'badNotConnected' },
  ])
})

test('Parquet has a column for each kind, or one named value', async () => {
  const rowsOf = async (query: string) => {
    const { raw } = await api.get(`/api/v1/export?format=parquet&${query}`)
    const file = raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.length) as ArrayBuffer
    const parsers = { timestampFromMicroseconds: (micros: bigint) => Number(micros) }
    return parquetReadObjects({ file, compressors: { ZSTD: (input) => zstdDecompressSync(input) }, parsers })
  }
  expect(await rowsOf('tag=site/pump/temperature')).toEqual([
    { tag: 'site/pump/temperature', time: start, value: 0.1 + 0.2, quality: 'good', unit: '°C' },
    { tag: 'site/pump/temperature', time: start + 1, value: -0, quality: 'good', unit: '°C' },
    { tag: 'site/pump/temperature', time: start + 2 * secondUs, value: null, quality: 'badSensorFailure', unit: '°C' },
  ])
  expect((await rowsOf('machine=site/pump')).filter(({ time }) => time === start)).toMatchObject([
    { number: 0.1 + 0.2, boolean: null, text: null },
    { number: null, boolean: true, text: null },
    { number: null, boolean: null, text: '=HYPERLINK("http://evil")' },
    { boolean: null, text: null, array: [1, 2.5, 3, 4], array_shape: [2, 2] },
  ])
  expect(await rowsOf('machine=site/pump&to=1980-01-01')).toEqual([])
})

test('a range without samples is a table without rows', async () => {
  expect(await csvOf('tag=site/pump/temperature&to=2025-01-01')).toEqual(['tag,time,value,quality,unit'])
  expect(await csvOf('tag=site/pump/temperature&from=2026-01-01T00:00:01&to=2026-01-01T00:00:02')).toHaveLength(1)
  expect(await csvOf('tag=site/pump/temperature&from=2026-01-01T00:00:02&to=9999-12-31')).toHaveLength(2)
  expect(await csvOf('tag=site/pump/temperature&bucket=hour&to=2025-01-01')).toHaveLength(1)
})

test('days are those of the zone, and what is empty before, between and after costs nothing', async () => {
  const midnight = parseTime('2026-03-28T23:00Z') as number
  const late = parseTime('2026-09-01T12:00Z') as number
  await api.put(...[0, 22, 23, 24].map((hour) => ({ tag: 'site/meter/power', time: midnight + hour * hourUs, value: hour })), {
    tag: 'site/meter/power',
    time: late,
    value: 5,
  })
  const rows = (await csvOf('tag=site/meter/power&bucket=day&zone=Europe/Berlin')) as string[]
  expect(rows.map((row) => row.split(',').slice(1, 6).join())).toEqual([
    'time,end,count,min,max',
    '2026-03-28T23:00:00.000000Z,2026-03-29T22:00:00.000000Z,2,0,22',
    '2026-03-29T22:00:00.000000Z,2026-03-30T22:00:00.000000Z,2,23,24',
    '2026-08-31T22:00:00.000000Z,2026-09-01T22:00:00.000000Z,1,5,5',
  ])
  expect(await csvOf('tag=site/meter/power&bucket=1us')).toHaveLength(6)
  const cut = (await csvOf('tag=site/meter/power&bucket=1h&from=2026-09-01T11:30Z&to=2026-09-01T12:30Z')) as string[]
  expect(cut[1]).toMatch(/^site\/meter\/power,2026-09-01T12:00:00.000000Z,2026-09-01T12:30:00.000000Z,1,/)
})

test('pages show neither between samples nor between buckets', async () => {
  const times = Array.from({ length: 2500 }, (_, index) => start + index * secondUs)
  await api.put(...times.map((time, index) => ({ tag: 'site/fast/x', time, value: `text ${(index * 7) % 11}` })))
  await api.put(...times.map((time, index) => ({ tag: 'site/fast/y', time, value: (index * 7) % 11 })))
  const rows = (await csvOf('tag=site/fast/x')) as string[]
  expect(rows.slice(1)).toEqual(times.map((time, index) => `site/fast/x,${formatTime(time)},text ${(index * 7) % 11},good,text`))
  const [whole] = await api.store.buckets(['site/fast/y'], Float64Array.of(...times, (times[0] as number) + 2500 * secondUs))
  const figures = ['count', 'min', 'max', 'sum', 'mean', 'std', 'timeMean', 'first', 'last'] as const
  const buckets = (await csvOf('tag=site/fast/y&bucket=1s')) as string[]
  expect(buckets.slice(1).map((row) => row.split(',').slice(3).map(Number))).toEqual(
    times.map((_, row) => figures.map((name) => whole?.[name][row])),
  )
})

test('shifts are those of the plant, with their names', async () => {
  const calendar = {
    zone: 'Europe/Berlin',
    shifts: [
      { name: 'day', start: '06:00' },
      { name: 'night', start: '18:00' },
    ],
  }
  const other = await testApi(plant, { calendar })
  onTestFinished(() => other.close())
  await other.put({ tag: 'm/x', time: start, value: 1 }, { tag: 'm/x', time: start + 8 * hourUs, value: 2 })
  const { body } = await other.get('/api/v1/export?tag=m/x&bucket=shift')
  expect((body as string).split('\n').map((row) => row.split(',').slice(1, 5).join())).toEqual([
    'time,end,shift,count',
    '2025-12-31T17:00:00.000000Z,2026-01-01T05:00:00.000000Z,night,1',
    '2026-01-01T05:00:00.000000Z,2026-01-01T17:00:00.000000Z,day,1',
    '',
  ])
})

test.each([
  ['', 400, 'name what to export'],
  ['tag=site/pump/none', 404, 'there is no tag "site/pump/none"'],
  ['machine=site/none', 404, 'there is no machine "site/none"'],
  ['tag=site/pump/on&from=2026-01-02&to=2026-01-01', 400, '"to" must be after "from"'],
  ['tag=site/pump/on&from=yesterday', 400, '"yesterday" is no ISO 8601 time'],
  ['tag=site/pump/on&format=xlsx', 400, 'format: '],
  ['tag=site/pump/on&bucket=fortnight', 400, '"fortnight" is no interval'],
  ['tag=site/pump/on&bucket=day&zone=Mars', 400, '"Mars" is no time zone'],
  ['tag=site/pump/on&bucket=15m&zone=Europe/Berlin', 400, 'leave "zone" out'],
  ['tag=site/pump/on&zone=Europe/Berlin', 400, '"zone" is for buckets'],
  ['tag=site/pump/on&bucket=shift', 400, 'no shifts are known'],
  ['tag=site/pump/mode&bucket=day', 400, 'numbers and booleans only'],
])('the query %j is refused with %i and the mend', async (query, status, sentence) => {
  expect(await api.get(`/api/v1/export?${query}`)).toMatchObject({ status, body: { message: expect.stringContaining(sentence) } })
})
