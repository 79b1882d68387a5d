// What happens in the middle of something else: reading while late rows arrive, sealing under a read, closing under appends.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { batchOf, type Batch } from '#core/batch.ts'
import { createEmbeddedStore, type EmbeddedStoreSettings } from './embedded-store.ts'

const tag = 'm/pressure'

async function setUp(given: Partial<EmbeddedStoreSettings> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'millwright-store-'))
  const store = createEmbeddedStore({ folder, ...given })
  await store.open()
  onTestFinished(async () => {
    await store.close()
    await rm(folder, { recursive: true })
  })
  return store
}

const rows = (first: number, count: number, step = 1): Batch =>
  batchOf(Array.from({ length: count }, (_, index) => ({ tag, time: (first + index * step) * 1000, value: first + index * step })))

/** Every pause lasts a turn of the event loop, as on a busy machine. */
function busyMachine(): void {
  let now = performance.now()
  const spy = vi.spyOn(performance, 'now').mockImplementation(() => (now += 10))
  onTestFinished(() => spy.mockRestore())
}

test('S10: a store that is closed while an append waits for sealing answers it and ends', async () => {
  const store = await setUp({ hotRowsMax: 1000 })
  await store.append([{ batch: rows(0, 200_000) }])
  await store.append([{ batch: rows(200_000, 1000) }])
  const last = store.append([{ batch: rows(201_000, 1000) }])
  await store.close()
  expect(await last).toMatchObject([{ stored: 1000 }])
  await store.open()
  expect(store.statistics().samples).toBe(202_000)
})

test('S6: rows that come late while a read is under way neither shift nor hide what it has found', async () => {
  const store = await setUp()
  await store.append([{ batch: rows(1_000_000, 100, 1000) }])
  busyMachine()
  const late = Array.from({ length: 30 }, (_, index) => store.append([{ batch: rows(index * 7, 1) }]))
  while (store.statistics().samples < 130) {
    const { time } = await store.read(tag, 1e9, 1e12, 1000)
    expect(time.length).toBe(100)
    expect(time[0]).toBe(1e9)
  }
  await Promise.all(late)
})

test('S7: a question for many tags leaves the event loop to others in between', async () => {
  const store = await setUp()
  const paths = Array.from({ length: 50 }, (_, index) => `m/tag-${index}`)
  await store.append([{ batch: batchOf(paths.map((path) => ({ tag: path, time: 1, value: 1 }))) }])
  busyMachine()
  let turns = 0
  let isAsking = true
  const count = () => {
    turns++
    if (isAsking) setImmediate(count)
  }
  setImmediate(count)
  await store.buckets(paths, Float64Array.of(0, 10))
  isAsking = false
  expect(turns).toBeGreaterThanOrEqual(49)
})
