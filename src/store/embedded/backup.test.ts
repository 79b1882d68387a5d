// A copy of a store is taken while rows flow in, and is a store of its own.
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { batchOf, type Batch } from '#core/batch.ts'
import { RetryLater } from '#core/errors.ts'
import { createEmbeddedStore } from './embedded-store.ts'

const tag = 'm/pressure'
const rowsPerBatch = 500
/** A batch of its own per number, of values that do not compress well. */
const batch = (number: number, path = tag): Batch =>
  batchOf(
    Array.from({ length: rowsPerBatch }, (_, index) => ({
      tag: path,
      time: (number * rowsPerBatch + index) * 1e6,
      value: Math.sin((number * rowsPerBatch + index) ** 2),
    })),
  )

async function setUp() {
  const folder = await mkdtemp(join(tmpdir(), 'millwright-store-'))
  const store = createEmbeddedStore({ folder: join(folder, 'store'), hotRowsMax: 5000 })
  await store.open()
  onTestFinished(async () => {
    await store.close()
    await rm(folder, { recursive: true })
  })
  const target = join(folder, 'copy')
  await mkdir(target)
  return { store, target }
}

test('S20: a copy taken while rows flow in has all that was acknowledged before, whole batches of what came meanwhile, and no log', async () => {
  const { store, target } = await setUp()
  let sent = 0
  const over = new AbortController()
  const send = async () => {
    const number = sent++
    await store.append([{ batch: batch(number), origin: { source: 'a', sequence: number + 1 } }])
  }
  for (let number = 0; number < 200; number++) await send()
  void store.seal()
  await send()
  const acknowledged = sent
  const copied = store.backup(target).finally(() => over.abort())
  while (!over.signal.aborted) await send()
  await copied
  expect(sent).toBeGreaterThan(acknowledged)
  expect(await readdir(target)).toEqual(['chunks.db'])

  const copy = createEmbeddedStore({ folder: target })
  await copy.open()
  onTestFinished(() => copy.close())
  const { samples, damaged } = copy.statistics()
  expect(damaged).toBe(0)
  const batches = samples / rowsPerBatch
  expect(Number.isInteger(batches)).toBe(true)
  expect(batches).toBeGreaterThanOrEqual(acknowledged)
  const { time, value } = await copy.read(tag, 0, Infinity, 1e9)
  expect(time.length).toBe(samples)
  expect(copy.latest(tag)).toEqual({ time: time.at(-1), value: value.at(-1), quality: 0 })
  const repeated = await copy.append([{ batch: batch(0), origin: { source: 'a', sequence: batches } }])
  expect(repeated).toMatchObject([{ stored: 0, duplicates: rowsPerBatch }])
  expect(await copy.append([{ batch: batch(batches), origin: { source: 'a', sequence: batches + 1 } }])).toMatchObject([
    { stored: rowsPerBatch },
  ])
})

test('a store that is closed while it is copied closes, and the copying ends', async () => {
  const { store, target } = await setUp()
  for (let number = 0; number < 400; number++) await store.append([{ batch: batch(number, `m/tag-${number % 7}`) }])
  await store.seal()
  const [copying, closing] = await Promise.allSettled([store.backup(target), store.close()])
  expect(closing.status).toBe('fulfilled')
  if (copying.status === 'rejected') expect(copying.reason).toBeInstanceOf(RetryLater)
})

test('a copy into a folder that is not there is an error, and the store goes on', async () => {
  const { store, target } = await setUp()
  await store.append([{ batch: batch(0) }])
  await expect(store.backup(join(target, 'nowhere'))).rejects.toThrow(/unable to open database file/)
  expect(await store.append([{ batch: batch(1) }])).toMatchObject([{ stored: rowsPerBatch }])
})
