import * as fc from 'fast-check'
import type { Pool } from 'pg'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { batchOf, filterRows, type Batch } from '#core/batch.ts'
import { ManualClock } from '#core/clock.ts'
import { NotSupported, RetryLater } from '#core/errors.ts'
import type { Delivery } from '#core/store.ts'
import { createPool } from '#database/postgres.ts'
import { createMemoryStore } from '#store/memory/memory-store.ts'
import { delivery, picture, timeMax } from '#test/contracts/against-memory.ts'
import { OwnedPartition } from '#test/support/owned-partition.ts'
import { startPostgres, type PostgresServer } from '#test/support/postgres.ts'
import { createQueryStore, type QueryStoreOptions } from './query-store.ts'

let server: PostgresServer
let pool: Pool
beforeAll(async () => {
  server = await startPostgres({ fsync: false })
  pool = createPool(await server.createDatabase())
})
afterAll(async () => {
  await pool.end()
  await server[Symbol.asyncDispose]()
})

const quiet = { info() {}, warn() {} }
const partitionOf = (path: string) => (path === 'm/a' || path === 'm/field' ? 0 : 1)

/** Two owned partitions, and a process that owns none. */
async function line(given: Partial<QueryStoreOptions> = {}) {
  await pool.query('drop schema if exists telemetry cascade')
  const partitions = [0, 1].map((partition) => new OwnedPartition(pool, partition, { log: quiet, hotRowsMax: 150, hotBytesMax: 500 }))
  for (const partition of partitions) await partition.takeOver()
  const of = (path: string) => partitions[partitionOf(path)] as OwnedPartition
  const store = createQueryStore({
    pool,
    ask: async (path, from, to) => of(path).owner.copy(path, from, to),
    append: async () => {
      throw new NotSupported('not here')
    },
    remove: (path, range) => of(path).owner.remove(path, range),
    ...given,
  })
  await store.open()
  const append = async ({ batch, origin }: Delivery) => {
    for (const [index, partition] of partitions.entries()) {
      const part = filterRows(batch, (row) => partitionOf(batch.tags[batch.tag[row] as number] as string) === index)
      await partition.append({ batch: part, origin })
    }
  }
  const close = async () => {
    await store.close()
    for (const { owner } of partitions) await owner.close()
  }
  return { store, partitions, append, close }
}

async function setUp(given: Partial<QueryStoreOptions> = {}) {
  const made = await line(given)
  onTestFinished(made.close)
  return made
}

const rows = (first: number, count: number, tag = 'm/a'): Batch =>
  batchOf(Array.from({ length: count }, (_, index) => ({ tag, time: first + index, value: first + index })))

type Act = { append: Delivery } | 'seal' | 'sealMeanwhile' | 'takeOver' | 'refresh'
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ append: delivery }) },
  { weight: 4, arbitrary: fc.constantFrom('seal', 'sealMeanwhile', 'takeOver', 'refresh') },
)

test('whatever is appended, sealed and taken over, the answers are those of the memory store', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(act, { minLength: 3, maxLength: 10 }),
      fc.nat(timeMax),
      fc.integer({ min: 1, max: 200 }),
      fc.integer({ min: 1, max: 20 }),
      async (acts, from, span, limit) => {
        const clock = new ManualClock()
        const { store, partitions, append, close } = await line({ clock, refreshMs: 1000 })
        const memory = createMemoryStore()
        const before: { close(): Promise<void> }[] = []
        try {
          for (const act of acts) {
            if (act === 'seal') for (const { owner } of partitions) await owner.seal()
            else if (act === 'sealMeanwhile') for (const { owner } of partitions) void owner.seal()
            else if (act === 'refresh') await clock.advance(1000)
            else if (act === 'takeOver')
              for (const partition of partitions) {
                const one = await partition.takeOver()
                if (one) before.push(one)
              }
            else {
              const [result] = await memory.append([act.append])
              await append(act.append)
              // A repetition changes nothing, so no owner tells of it.
              if (result?.duplicates !== act.append.batch.count) store.observe(act.append.batch)
            }
          }
          const { samples: _, ...answers } = await picture(store, from, span, limit)
          const { samples: __, ...expected } = await picture(memory, from, span, limit)
          expect(answers).toEqual(expected)
        } finally {
          await close()
          for (const one of before) await one.close()
        }
      },
    ),
    { numRuns: 15, endOnFailure: true },
  )
})

test('what is sealed while an answer is put together is neither missing nor doubled', async () => {
  const { store, partitions, append } = await setUp()
  const owner = partitions[0]?.owner
  for (let step = 0; step < 20; step++) {
    await append({ batch: rows(step * 1000, 1000) })
    const sealing = owner?.seal()
    for (const expected of [(step + 1) * 1000, (step + 1) * 1000]) {
      const [read, [buckets]] = await Promise.all([store.read('m/a', 0, 1e6, 1e6), store.buckets(['m/a'], Float64Array.of(0, 1e6))])
      expect(read.time.length).toBe(expected)
      expect(buckets?.count).toEqual(Float64Array.of(expected))
    }
    await sealing
  }
})

test('an owner that cannot be asked is asked again while another takes over; then the answer is an error, never one with a hole', async () => {
  const clock = new ManualClock()
  let failures = 3
  let asked = 0
  const { store, append, partitions } = await setUp({
    clock,
    patienceMs: 8000,
    ask: async (path, from, to) => {
      asked++
      if (asked <= failures) throw new RetryLater('nobody answers')
      return partitions[partitionOf(path)]?.owner.copy(path, from, to)
    },
  })
  await append({ batch: rows(0, 10) })
  const reading = store.read('m/a', 0, 99, 99)
  await vi.waitFor(async () => {
    await clock.advance(250)
    expect(asked).toBe(4)
  })
  expect((await reading).time.length).toBe(10)
  failures = Infinity
  const failing = expect(store.buckets(['m/a'], Float64Array.of(0, 9))).rejects.toThrow(
    'the newest samples of m/a cannot be had now (nobody answers); ask again in a moment',
  )
  await vi.waitFor(async () => {
    await clock.advance(1000)
    expect(asked).toBeGreaterThan(35)
  })
  await failing
})

test('tags and newest samples are there from the start, follow what is sealed, and what passes by', async () => {
  const clock = new ManualClock()
  const { store, append, partitions } = await setUp({ clock })
  const field = { shape: [2], data: Float32Array.of(1, 2) }
  const later = { shape: [2], data: Float32Array.of(3, 4) }
  await append({
    batch: batchOf([
      { tag: 'm/a', time: 5, value: 1.5 },
      { tag: 'm/on', time: 5, value: true, quality: 64 },
      { tag: 'm/state', time: 5, value: 'läuft\0' },
      { tag: 'm/field', time: 5, value: field },
    ]),
  })
  expect([...store.tags()]).toEqual([])
  for (const { owner } of partitions) await owner.seal()
  await clock.advance(5000)
  await vi.waitFor(() => expect(store.tag('m/field')).toEqual({ path: 'm/field', kind: 'array' }))
  await vi.waitFor(() => expect([...store.tags()]).toHaveLength(4))
  expect(store.latest('m/a')).toEqual({ time: 5, value: 1.5, quality: 0 })
  expect(store.latest('m/on')).toEqual({ time: 5, value: true, quality: 64 })
  expect(store.latest('m/state')).toEqual({ time: 5, value: 'läuft\0', quality: 0 })
  // It is fetched when it is asked for the first time.
  await vi.waitFor(() => expect(store.latest('m/field')?.value).toEqual(field))
  expect(store.statistics()).toMatchObject({ tags: 4, samples: 4 })
  store.observe(
    batchOf([
      { tag: 'm/a', time: 4, value: 9 },
      { tag: 'm/field', time: 6, value: later },
      { tag: 'm/new', time: 1, value: 1 },
    ]),
  )
  expect(store.latest('m/a')?.time).toBe(5)
  expect(store.latest('m/field')).toEqual({ time: 6, value: later, quality: 0 })
  expect(store.tag('m/new')).toEqual({ path: 'm/new', kind: 'number' })
})

test('what is deleted here or elsewhere is known here soon, and a tag may come again with another kind', async () => {
  const clock = new ManualClock()
  const { store, append, partitions } = await setUp({ clock })
  await append({ batch: batchOf(['m/a', 'm/b', 'm/on'].flatMap((tag) => [1, 2, 3].map((time) => ({ tag, time, value: time })))) })
  for (const { owner } of partitions) await owner.seal()
  await clock.advance(5000)
  await vi.waitFor(() => expect([...store.tags()]).toHaveLength(3))
  expect(await store.remove('m/a', { from: 3, to: 9 })).toBe(1)
  expect(store.latest('m/a')?.time).toBe(2)
  expect(await store.remove('m/b')).toBe(3)
  expect(store.tag('m/b')).toBeUndefined()
  const [, other] = partitions
  await other?.owner.remove('m/on')
  await clock.advance(5000)
  await vi.waitFor(() => expect([...store.tags()].map(({ path }) => path)).toEqual(['m/a']))
  await append({ batch: batchOf([{ tag: 'm/on', time: 1, value: 'text' }]) })
  await other?.owner.seal()
  await clock.advance(5000)
  await vi.waitFor(() => expect(store.latest('m/on')?.value).toBe('text'))
})
