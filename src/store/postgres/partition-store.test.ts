import type { Pool } from 'pg'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { batchOf, type Batch } from '#core/batch.ts'
import { ManualClock } from '#core/clock.ts'
import { Rejected, RetryLater } from '#core/errors.ts'
import { createPool } from '#database/postgres.ts'
import { decodeSource } from '#store/engine/source-bytes.ts'
import type { EngineSettings } from '#store/engine/engine.ts'
import { OwnedPartition } from '#test/support/owned-partition.ts'
import { startPostgres, type PostgresServer } from '#test/support/postgres.ts'
import { openPartition } from './partition-store.ts'

const tag = 'm/pressure'
let server: PostgresServer
let pool: Pool
let said: string[]
const log = { info: (message: string) => void said.push(message), warn: (message: string) => void said.push(message) }
beforeAll(async () => void (server = await startPostgres({ fsync: false })))
afterAll(() => server[Symbol.asyncDispose]())
beforeEach(async () => {
  pool = createPool(await server.createDatabase())
  said = []
})

async function setUp(settings: Partial<EngineSettings> = {}) {
  const partition = new OwnedPartition(pool, 7, { log, ...settings })
  await partition.takeOver()
  onTestFinished(async () => {
    await partition.owner.close()
    await pool.end()
  })
  return partition
}

const rows = (first: number, count: number, path = tag): Batch =>
  batchOf(Array.from({ length: count }, (_, index) => ({ tag: path, time: first + index, value: (first + index) / 10 })))

const sealed = async () =>
  Number((await pool.query<{ count: string }>('select coalesce(sum(count), 0) as count from telemetry.chunk')).rows[0]?.count)

test('entries are let go of in the stream when they are committed, not before; entries that come again change nothing', async () => {
  const partition = await setUp()
  const { owner, entries } = partition
  await partition.append({ batch: rows(0, 100), origin: { source: 'a', sequence: 1 } })
  await partition.append({ batch: rows(100, 100) })
  expect(partition.entries).toHaveLength(2)
  expect(await sealed()).toBe(0)
  await owner.seal()
  expect(partition.entries).toEqual([])
  expect(await sealed()).toBe(200)
  await owner.apply(entries)
  await owner.seal()
  expect(await sealed()).toBe(200)
  expect(owner.statistics()).toMatchObject({ samples: 200, tags: 1, hotRows: 0, logBytes: 0 })
})

test('the next owner goes on with what was not acknowledged; the one before commits nothing more, and hears of it', async () => {
  const partition = await setUp()
  await partition.append({ batch: rows(0, 100) })
  await partition.owner.seal()
  await partition.append({ batch: rows(100, 100) })
  const before = await partition.takeOver()
  await before?.seal()
  expect(partition.superseded).toBe(1)
  expect(partition.entries).toHaveLength(1)
  expect(await sealed()).toBe(100)
  await partition.append({ batch: rows(200, 100, 'm/new') })
  await partition.owner.seal()
  expect(partition.entries).toEqual([])
  expect(await sealed()).toBe(300)
  await before?.close()
  expect(await sealed()).toBe(300)
  const stale = openPartition({ pool, partition: 7, token: 1, acknowledge: async () => {}, superseded: () => {} })
  await expect(stale).rejects.toThrow(/partition 7 .* belongs to another Millwright now \(epoch 2, this one has 1\)/)
})

test('a batch that can never be stored costs itself, is counted and said', async () => {
  const partition = await setUp()
  const { owner } = partition
  await owner.apply([
    { sequence: 1, delivery: { batch: rows(0, 10) } },
    { sequence: 2, delivery: { batch: batchOf([{ tag, time: 50, value: 'a text' }]) } },
    { sequence: 3, delivery: { batch: rows(10, 10) } },
  ])
  await owner.seal()
  expect(await sealed()).toBe(20)
  expect(owner.statistics().rejected).toBe(1)
  expect(said).toEqual([expect.stringMatching(/a batch in partition 7 .* left out: the tag m\/pressure holds number values/)])
})

test('what memory holds goes to others as bytes, exactly, of every kind; of arrays all statistics and the newest', async () => {
  const partition = await setUp()
  const field = (base: number) => ({ shape: [2], data: Float32Array.of(base, base + 1) })
  const { owner } = partition
  await partition.append({
    batch: batchOf([
      ...[-0, Number.MAX_VALUE, null].map((value, time) => ({ tag: 'm/x', time, value, kind: 'number' as const, quality: time * 64 })),
      ...['läuft', '', null, '\0'].map((value, time) => ({ tag: 'm/state', time, value, kind: 'text' as const })),
      ...[field(1), field(3), null].map((value, time) => ({ tag: 'm/field', time, value, kind: 'array' as const })),
    ]),
  })
  const copy = (path: string, from = -Infinity, to = Infinity) => decodeSource(owner.copy(path, from, to) as Uint8Array)
  const { rows: numbers, ...head } = copy('m/x')
  expect(head).toMatchObject({ path: 'm/x', kind: 'number', latestTime: 2, sealedEnd: -Infinity, keptFrom: -Infinity })
  expect([...numbers.value]).toEqual([-0, Number.MAX_VALUE, Number.NaN])
  expect([...numbers.quality]).toEqual([0, 64, 128])
  const { value, texts } = copy('m/state').rows
  expect([...value].map((index) => texts[index])).toEqual(['läuft', '', undefined, '\0'])
  expect(copy('m/field').arrays).toMatchObject([
    { time: 0, value: undefined, statistics: { min: 1, max: 2, mean: 1.5, std: 0.5 } },
    { time: 1, value: field(3), statistics: { min: 3, max: 4 } },
    { time: 2, value: undefined, statistics: undefined },
  ])
  // The newest row before the range may hold its value into it.
  expect([...copy('m/x', 1, 2).rows.time]).toEqual([0, 1])
  await owner.seal()
  expect(copy('m/x')).toMatchObject({ sealedEnd: 2, rows: { count: 0 } })
  expect(owner.copy('m/unknown', 0, 9)).toBeUndefined()
  for (const rubbish of [new Uint8Array(3), new Uint8Array(99), owner.copy('m/x', 0, 9)?.subarray(0, 90)])
    expect(() => decodeSource(rubbish as Uint8Array)).toThrow(Rejected)
})

test('until everything in the stream has been applied there is no answer, instead of one with a hole', async () => {
  const partition = await setUp()
  await partition.append({ batch: rows(0, 100) })
  const owner = await openPartition({ pool, partition: 7, token: 5, acknowledge: async () => {}, superseded: () => {} })
  onTestFinished(() => owner.close())
  expect(() => owner.copy(tag, 0, 9)).toThrow(RetryLater)
  expect(() => owner.latest(tag)).toThrow(/partition 7 .* is being taken over; ask again in a moment/)
  await owner.apply(partition.entries)
  owner.caughtUp()
  expect(owner.latest(tag)).toEqual({ time: 99, value: 9.9, quality: 0 })
})

test('while PostgreSQL is away, or the stream cannot be cut off, entries wait and nothing is lost', async () => {
  const clock = new ManualClock()
  let isCut = false
  const owner = await openPartition({
    pool,
    partition: 0,
    token: 1,
    settings: { log, clock, hotRowsMax: 300, sealRetryMs: 1000 },
    acknowledge: async () => {
      if (!isCut) throw new Error('NATS cannot be reached')
    },
    superseded: () => {},
  })
  onTestFinished(async () => {
    await owner.close()
    await pool.end()
  })
  const apply = (sequence: number) =>
    owner.apply([{ sequence, delivery: { batch: rows(sequence * 200, 200), origin: { source: 'a', sequence } } }])
  await apply(1)
  await owner.seal()
  expect(await sealed()).toBe(200)
  expect(owner.statistics().sealFailure).toBe('NATS cannot be reached')
  await expect(owner.remove(tag)).rejects.toThrow(RetryLater)
  isCut = true
  await server.kill()
  let sequence = 2
  await expect(
    (async () => {
      for (;;) {
        await apply(sequence)
        sequence++
      }
    })(),
  ).rejects.toThrow(RetryLater)
  await server.start()
  await vi.waitFor(async () => {
    await clock.advance(1000)
    await apply(sequence)
  }, 30_000)
  await vi.waitFor(async () => {
    await owner.seal()
    expect(owner.statistics()).toMatchObject({ hotRows: 0, sealFailure: undefined })
  }, 30_000)
  expect(await sealed()).toBe(sequence * 200)
  expect(owner.statistics()).toMatchObject({ samples: sequence * 200, sealFailure: undefined })
})

test('rows are sealed after a while, however few', async () => {
  const clock = new ManualClock()
  const partition = await setUp({ clock })
  await partition.append({ batch: rows(0, 10) })
  await clock.advance(70_000)
  await vi.waitFor(() => expect(partition.entries).toEqual([]), 10_000)
})
