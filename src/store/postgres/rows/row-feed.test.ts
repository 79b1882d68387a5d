import type { Pool } from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { createMemoryBus } from '#bus/memory.ts'
import { batchOf } from '#core/batch.ts'
import { ManualClock } from '#core/clock.ts'
import { parseTime, secondUs, type Micros } from '#core/time.ts'
import { createPool } from '#database/postgres.ts'
import { createMemoryStore } from '#store/memory/memory-store.ts'
import { startPostgres, type PostgresServer } from '#test/support/postgres.ts'
import { startRowFeed } from './row-feed.ts'
import { createRowMirror } from './row-mirror.ts'

const noon = parseTime('2026-03-01T12:00:00Z') as Micros
let server: PostgresServer
let pool: Pool
beforeAll(async () => void (server = await startPostgres({ fsync: false })))
afterAll(() => server[Symbol.asyncDispose]())
beforeEach(async () => void (pool = createPool(await server.createDatabase())))
afterEach(() => pool.end())

/** A store and a bus as the server wires them, and feeds that can be started on them. */
function line() {
  const store = createMemoryStore()
  const clock = new ManualClock(noon)
  const said: string[] = []
  const log = { info: (text: unknown) => void said.push(String(text)), warn: (text: unknown) => void said.push(String(text)) }
  const bus = createMemoryBus((error) => void said.push(String(error)))
  const put = async (samples: Parameters<typeof batchOf>[0]) => {
    const batch = batchOf(samples)
    await store.append([{ batch }])
    bus.publish('stored', batch)
  }
  const start = (patterns: readonly string[], rowsMax?: number) =>
    startRowFeed({
      mirror: createRowMirror({ pool, patterns, clock, log }),
      store,
      bus,
      clock,
      log,
      ...(rowsMax !== undefined && { rowsMax }),
    })
  /** Waits until the rows are those that the store has of these tags, and only these. */
  const agree = (...tags: string[]) =>
    vi.waitFor(
      async () => {
        const expected: unknown[] = []
        for (const tag of tags) {
          const { time, value, texts } = await store.read(tag, 0, Number.MAX_SAFE_INTEGER, 1e6)
          time.forEach((at, row) => expected.push([tag, at, texts.length > 0 ? texts[value[row] as number] : String(value[row])]))
        }
        await clock.advance(1000)
        const { rows } = await pool.query({
          text: 'select tag, (extract(epoch from time) * 1000000)::bigint, coalesce(text, value::text) from history.samples order by tag, time',
          rowMode: 'array',
        })
        expect(rows).toEqual(expected)
      },
      { timeout: 30_000 },
    )
  return { put, start, agree, clock, said }
}

const steps = (tag: string, count: number, from = noon, value = 0) =>
  Array.from({ length: count }, (_, index) => ({ tag, time: from + index * secondUs, value: value + index }))

test('what was stored before and what comes is mirrored; a new start goes on, with tags that were not chosen before', async () => {
  const { put, start, agree } = line()
  await put(steps('m/a', 50_000, noon - 50_000 * secondUs))
  await put([...steps('m/b', 10), { tag: 'm/mode', time: noon, value: 'auto' }])
  const first = start(['m/a', 'm/mode'])
  await put(steps('m/a', 10))
  await agree('m/a', 'm/mode')
  expect([first.trouble(), first.behind()]).toEqual([undefined, { rows: 0, tags: 0 }])
  await first.stop()
  await put(steps('m/a', 100, noon + 10 * secondUs))
  const second = start(['**'])
  await put(steps('m/b', 10, noon, 100))
  await agree('m/a', 'm/b', 'm/mode')
  await second.stop()
})

test('while PostgreSQL is away nothing waits for it; what does not fit into memory is read from the store when it is back', async () => {
  const { put, start, agree, said } = line()
  const feed = start(['**'], 100)
  await put(steps('m/a', 10))
  await agree('m/a')
  await server.kill()
  await put(steps('m/a', 60, noon))
  await vi.waitFor(() => expect(feed.trouble()).toMatch(/^rows for SQL cannot be written: .*; check PostgreSQL, and try again$/))
  await put(steps('m/a', 60, noon + 30 * secondUs, 1000))
  await put(steps('m/b', 60, noon, 2000))
  await put(steps('m/a', 20, noon, 3000))
  expect(feed.behind()).toEqual({ rows: 80, tags: 2 })
  await server.start()
  await agree('m/a', 'm/b')
  expect(feed.trouble()).toBeUndefined()
  expect(said).toEqual([expect.stringMatching(/^rows for SQL cannot be written/), 'rows for SQL are written again'])
  await feed.stop()
})
