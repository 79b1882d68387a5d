import * as fc from 'fast-check'
import type { Pool } from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { batchOf, type Batch } from '#core/batch.ts'
import { ManualClock } from '#core/clock.ts'
import { RetryLater } from '#core/errors.ts'
import { qualities } from '#core/quality.ts'
import { dayUs, formatTime, hourUs, parseTime, secondUs, type Micros } from '#core/time.ts'
import { createPool } from '#database/postgres.ts'
import { createMemoryStore } from '#store/memory/memory-store.ts'
import { startPostgres, type PostgresServer } from '#test/support/postgres.ts'
import { createRowMirror, type RowMirror } from './row-mirror.ts'

const noon = parseTime('2026-03-01T12:00:00Z') as Micros
let server: PostgresServer
let pool: Pool
let said: string[]
beforeAll(async () => void (server = await startPostgres({ fsync: false })))
afterAll(() => server[Symbol.asyncDispose]())
beforeEach(async () => {
  pool = createPool(await server.createDatabase())
  said = []
})
afterEach(() => pool.end())

const log = { info: (text: unknown) => void said.push(String(text)), warn: (text: unknown) => void said.push(String(text)) }
const mirrorOf = (patterns: readonly string[] = ['**'], keepDays?: number, now = noon) =>
  createRowMirror({ pool, patterns, log, clock: new ManualClock(now), ...(keepDays !== undefined && { keepDays }) })
const ask = async (sql: string, values: unknown[] = []): Promise<unknown[][]> =>
  (await pool.query({ text: sql, values, rowMode: 'array' })).rows
const asText = "to_char(time at time zone 'utc', 'YYYY-MM-DD HH24:MI:SS.US')"
const steps = (tag: string, count: number, from = noon): Batch =>
  batchOf(Array.from({ length: count }, (_, index) => ({ tag, time: from + index * secondUs, value: index })))

test('samples of chosen tags are rows with names, exact to the bit and the microsecond; other tags and arrays are none', async () => {
  const mirror = mirrorOf(['site/*/pump/*', 'site/mill/**'])
  const rows = [
    { tag: 'site/a/pump/pressure', time: noon + 1, value: -1.5e-308 },
    { tag: 'site/a/pump/pressure', time: noon + 3, value: null, quality: qualities.badStale.code },
    { tag: 'site/a/pump/pressure', time: noon + 2, value: Number.MAX_VALUE, quality: qualities.uncertain.code },
    { tag: 'site/a/pump/on', time: 946_684_799_999_999 + dayUs * 7000, value: true },
    { tag: 'site/mill/x/mode', time: noon, value: 'läuft 工厂\0 \ud800' },
    { tag: 'site/mill/x/mode', time: noon + 1, value: '' },
    { tag: 'site/a/fan/speed', time: noon, value: 3 },
    { tag: 'site/mill/x/field', time: noon, value: { shape: [2], data: Float32Array.of(1, 2) } },
  ]
  expect(await mirror.write([batchOf(rows)])).toEqual({ mirrored: 6, expired: 0 })
  expect(await ask(`select tag, machine, name, ${asText}, value, text, quality, status from history.samples order by tag, time`)).toEqual([
    ['site/a/pump/on', 'site/a/pump', 'on', '2019-03-01 23:59:59.999999', 1, null, 0, 'good'],
    ['site/a/pump/pressure', 'site/a/pump', 'pressure', '2026-03-01 12:00:00.000001', -1.5e-308, null, 0, 'good'],
    ['site/a/pump/pressure', 'site/a/pump', 'pressure', '2026-03-01 12:00:00.000002', Number.MAX_VALUE, null, 64, 'uncertain'],
    ['site/a/pump/pressure', 'site/a/pump', 'pressure', '2026-03-01 12:00:00.000003', null, null, 137, 'bad'],
    ['site/mill/x/mode', 'site/mill/x', 'mode', '2026-03-01 12:00:00.000000', null, 'läuft 工厂\ufffd \ufffd', 0, 'good'],
    ['site/mill/x/mode', 'site/mill/x', 'mode', '2026-03-01 12:00:00.000001', null, '', 0, 'good'],
  ])
  expect(await ask('select path, kind from history.tag order by path')).toEqual([
    ['site/a/pump/on', 'boolean'],
    ['site/a/pump/pressure', 'number'],
    ['site/mill/x/mode', 'text'],
  ])
})

test('times before 2000, from which PostgreSQL counts, are kept as well', async () => {
  const turn = parseTime('2000-01-01T00:00:00Z') as Micros
  const times = [turn - 2 ** 32 * 1000, turn - 2 ** 32 - 1, turn - 2 ** 32, turn - 1, turn, turn + 2 ** 32 - 1, turn + 2 ** 32]
  await mirrorOf(['**'], 2000, turn).write([batchOf(times.map((time) => ({ tag: 'm/x', time, value: 1 })))])
  expect((await ask('select (extract(epoch from time) * 1000000)::bigint from history.samples order by 1')).flat()).toEqual(times)
})

test('whatever is written in whatever order, twice and by several writers, the rows are those of the store', async () => {
  let run = 0
  const sample = fc.record({
    tag: fc.constantFrom('a', 'b', 'c'),
    time: fc.integer({ min: 0, max: 12 }).map((step) => noon - 3 * dayUs + step * 6 * hourUs),
    value: fc.option(fc.oneof(fc.double({ noNaN: true }), fc.integer()), { nil: null }),
    quality: fc.constantFrom(0, 64, 128),
  })
  const batches = fc.array(fc.array(sample, { minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 6 })
  await fc.assert(
    fc.asyncProperty(batches, fc.boolean(), async (batches, restarts) => {
      const machine = `run-${run++}`
      const store = createMemoryStore()
      let mirror = mirrorOf()
      for (const samples of batches) {
        const batch = batchOf(samples.map((sample) => ({ ...sample, kind: 'number' as const, tag: `${machine}/${sample.tag}` })))
        await store.append([{ batch }])
        if (restarts) mirror = mirrorOf()
        await mirror.write([batch])
        await mirror.write([batch])
      }
      for (const tag of ['a', 'b', 'c'].map((name) => `${machine}/${name}`)) {
        const { time, value, quality } = await store.read(tag, 0, Number.MAX_SAFE_INTEGER, 1000)
        const expected = Array.from(time, (at, row) => [at, Number.isNaN(value[row]) ? null : (value[row] as number) + 0, quality[row]])
        const rows = await ask(
          `select (extract(epoch from time) * 1000000)::bigint, value, quality from history.samples where tag = $1 order by time`,
          [tag],
        )
        expect(rows.map(([time, value, quality]) => [time, typeof value === 'number' ? value + 0 : value, quality])).toEqual(expected)
      }
    }),
    { numRuns: 40 },
  )
})

test('several mirrors that write the same rows at the same time agree on them', async () => {
  const mirrors = Array.from({ length: 4 }, () => mirrorOf())
  const batches = [steps('m/a', 500), steps('m/b', 500, noon - 2 * dayUs), steps('m/a', 500, noon + 200 * secondUs)]
  const writeAll = (mirror: RowMirror, index: number) => mirror.write(index % 2 === 0 ? batches : batches.toReversed())
  // PostgreSQL ends a deadlock by telling one of them to come again.
  await Promise.all(mirrors.map((mirror, index) => vi.waitFor(() => writeAll(mirror, index), { timeout: 30_000 })))
  expect(await ask('select tag, count(*) from history.samples group by tag order by tag')).toEqual([
    ['m/a', 700],
    ['m/b', 500],
  ])
})

test('days get partitions as rows come; what is older than is kept is counted and dropped with its day', async () => {
  const mirror = mirrorOf(['**'], 3)
  const parts = () => ask("select inhrelid::regclass::text from pg_inherits where inhparent = 'history.sample'::regclass order by 1")
  const days = [4, 2, 1, 0].map((ago) => ({ tag: 'm/x', time: noon - ago * dayUs, value: ago }))
  expect(await mirror.write([batchOf(days)])).toEqual({ mirrored: 3, expired: 1 })
  expect(await parts()).toEqual([['history.sample_20260227'], ['history.sample_20260228'], ['history.sample_20260301']])
  await mirror.prune(noon + 3 * dayUs)
  expect(await parts()).toEqual([['history.sample_20260301']])
  expect(said).toEqual(['rows for SQL: dropped 2026-02-27, 2026-02-28'])
  await mirror.prune(noon + 3 * dayUs)
  expect(await mirror.write([batchOf(days)])).toEqual({ mirrored: 3, expired: 1 })
})

test('a question that is still being answered holds up no writing of new days; dropping waits for the next time', async () => {
  const mirror = mirrorOf(['**'], 3)
  await mirror.write([steps('m/x', 10)])
  const reader = await pool.connect()
  await reader.query('begin; select count(*) from history.samples')
  await mirror.write([steps('m/x', 10, noon + dayUs)])
  await expect(mirror.prune(noon + 6 * dayUs)).rejects.toThrow(/old rows for SQL cannot be dropped: .*lock timeout/)
  await reader.query('commit')
  reader.release()
  await mirror.prune(noon + 4 * dayUs)
  expect(await ask('select count(*) from history.samples')).toEqual([[10]])
})

test('after somebody dropped a partition, or everything, writing again makes it anew', async () => {
  const mirror = mirrorOf()
  await mirror.write([steps('m/x', 10)])
  for (const statement of ['drop table history.sample_20260301', 'drop schema history cascade']) {
    await pool.query(statement)
    await expect(mirror.write([steps('m/x', 20)])).rejects.toBeInstanceOf(RetryLater)
    await mirror.write([steps('m/x', 20)])
    expect(await ask('select count(*) from history.samples')).toEqual([[20]])
  }
})

test('kills of the server lose nothing that was mirrored; what was not is told to come again, and then is there once', async () => {
  const mirror = mirrorOf()
  const batches = Array.from({ length: 60 }, (_, index) => steps(`m/${index % 3}`, 200, noon + index * 100 * secondUs))
  let written = 0
  const writing = (async () => {
    for (const batch of batches) {
      await vi.waitFor(() => mirror.write([batch]), { timeout: 30_000, interval: 20 })
      written++
    }
  })()
  for (const after of [5, 20, 40]) {
    await vi.waitFor(() => expect(written).toBeGreaterThan(after), { timeout: 30_000, interval: 1 })
    await server.kill()
    await expect(mirror.write([steps('m/other', 1)])).rejects.toMatchObject({
      name: 'RetryLater',
      message: expect.stringMatching(/^rows for SQL cannot be written: .*; check PostgreSQL, and try again$/),
    })
    await server.start()
  }
  await writing
  const times = new Set(batches.flatMap((batch) => Array.from(batch.time, (time) => `${batch.tags[0]} ${formatTime(time)}`)))
  expect(await ask("select count(*), count(distinct (tag, time)) from history.samples where tag <> 'm/other'")).toEqual([
    [times.size, times.size],
  ])
})

test('patterns that match nothing, and days that cannot be kept, are refused before anything is made', () => {
  expect(() => mirrorOf(['pump'])).toThrow(/"pump" has 1 level/)
  expect(() => mirrorOf(['**'], 2)).toThrow(/cannot be kept for 2 days; write 3 to 4000/)
})
