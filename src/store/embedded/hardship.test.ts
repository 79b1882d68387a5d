// What the embedded store does when its disk, its files or its folder are not as they should be.
import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test, vi } from 'vitest'
import { batchOf, type Batch } from '#core/batch.ts'
import { ManualClock } from '#core/clock.ts'
import { ConfigError, messageOf, RetryLater } from '#core/errors.ts'
import { mountSmallDisk } from '#test/support/small-disk.ts'
import { createEmbeddedStore, type EmbeddedStoreSettings } from './embedded-store.ts'

const tag = 'm/pressure'

async function setUp(given: Partial<EmbeddedStoreSettings> = {}) {
  const folder = given.folder ?? (await mkdtemp(join(tmpdir(), 'millwright-store-')))
  const said: string[] = []
  const log = { info: (message: string) => void said.push(message), warn: (message: string) => void said.push(message) }
  const store = createEmbeddedStore({ folder, log, ...given })
  await store.open()
  onTestFinished(async () => {
    await store.close()
    if (given.folder === undefined) await rm(folder, { recursive: true })
  })
  return { folder, said, store }
}

/** `count` rows from second `first` on, with values that do not compress well. */
function noise(first: number, count: number, path = tag): Batch {
  return batchOf(
    Array.from({ length: count }, (_, index) => ({ tag: path, time: (first + index) * 1e6, value: Math.sin((first + index) ** 2) })),
  )
}

/** Changes the sealed bytes of one chunk while the store is closed. */
function damage(folder: string, sql: string): void {
  const database = new DatabaseSync(join(folder, 'chunks.db'))
  database.exec(sql)
  database.close()
}

test('S12: a second store on the same folder gets a ConfigError, and none once the first is closed', async () => {
  const { folder, store } = await setUp()
  const second = createEmbeddedStore({ folder })
  await expect(second.open()).rejects.toThrow(ConfigError)
  await expect(second.open()).rejects.toThrow(`the data folder ${folder} is in use by another Millwright`)
  await store.close()
  await second.open()
  await second.close()
})

test('S12: a folder written by a newer version is refused with a plain sentence', async () => {
  const { folder, store } = await setUp()
  await store.close()
  damage(folder, 'pragma user_version = 99')
  await expect(store.open()).rejects.toThrow(/written by a newer Millwright \(format 99/)
  damage(folder, 'pragma user_version = 1')
  await store.open()
})

test('S12: a file that is no database is a ConfigError, not a crash', async () => {
  const { folder, store } = await setUp()
  await store.close()
  writeFileSync(join(folder, 'chunks.db'), 'this is no database, but some text that somebody put here'.repeat(100))
  await expect(store.open()).rejects.toThrow(ConfigError)
})

test('S13: a damaged chunk is said and counted, and everything else stays readable', async () => {
  const { folder, said, store } = await setUp()
  await store.append([{ batch: noise(0, 20_000) }, { batch: noise(0, 100, 'm/other') }])
  await store.close()
  damage(
    folder,
    `update chunk_data set bytes = substr(bytes, 1, 100) || x'00112233' || substr(bytes, 105)
    where id = (select data from chunk where tag = 1 order by start limit 1 offset 2)`,
  )
  await store.open()
  const { time } = await store.read(tag, 0, 1e12, 1e6)
  expect(time.length).toBe(16_000)
  expect((await store.read('m/other', 0, 1e12, 1e6)).time.length).toBe(100)
  expect(store.statistics().damaged).toBe(1)
  expect(said.filter((message) => message.includes('cannot be read'))).toHaveLength(1)
  // Rows that fall into it are taken; what is left of it is kept aside.
  await store.append([{ batch: noise(9000, 10) }])
  await store.seal()
  expect((await store.read(tag, 0, 1e12, 1e6)).time.length).toBe(16_010)
  expect(said).toHaveLength(1)
})

test('S13: a damaged array sample is said and counted, and the one before it is found', async () => {
  const { folder, said, store } = await setUp()
  const frames = [1, 2].map((time) => ({ tag: 'm/field', time, value: { shape: [3], data: Float32Array.of(time, 5, 6) } }))
  await store.append([{ batch: batchOf(frames) }])
  await store.close()
  damage(folder, `update array_sample set bytes = substr(bytes, 1, 16) || x'00' || substr(bytes, 18) where time = 2`)
  await store.open()
  expect(await store.arrayAt('m/field', 9)).toEqual({ time: 1, quality: 0, ...frames[0]?.value })
  expect(store.latest('m/field')).toEqual({ time: 2, value: null, quality: 0 })
  expect(store.statistics().damaged).toBe(1)
  expect(said).toHaveLength(1)
})

test('S13: late rows are taken, and stay in the log, when what was sealed cannot even be looked up', async () => {
  const { folder, said, store } = await setUp()
  await store.append([{ batch: noise(0, 100) }])
  await store.close()
  await store.open()
  damage(folder, 'alter table chunk rename to elsewhere')
  const origin = { source: 'a', sequence: 1 }
  expect(await store.append([{ batch: noise(50, 100), origin }])).toMatchObject([{ stored: 100 }])
  expect(store.statistics().damaged).toBe(1)
  await store.close()
  expect(said.filter((message) => message.startsWith('cannot seal'))).toHaveLength(1)
  damage(folder, 'alter table elsewhere rename to chunk')
  await store.open()
  expect((await store.read(tag, 0, 1e12, 1e6)).value).toEqual(noise(0, 150).value)
})

test('S14: rows are sealed after a while, however few, and the log is let go', async () => {
  const clock = new ManualClock()
  const { store } = await setUp({ clock, sealAfterMs: 60_000, sealRetryMs: 10_000 })
  await store.append([{ batch: noise(0, 10) }])
  expect(store.statistics()).toMatchObject({ hotRows: 10 })
  await clock.advance(70_000)
  await vi.waitFor(() => expect(store.statistics()).toMatchObject({ hotRows: 0, logBytes: 0, samples: 10 }))
})

test('S14: appends beyond the queue are refused with RetryLater and counted', async () => {
  const { store } = await setUp({ queueBytesMax: 50_000 })
  const appends = Array.from({ length: 10 }, (_, index) => store.append([{ batch: noise(index * 1000, 500) }]))
  const results = await Promise.allSettled(appends)
  const refused = results.filter((result) => result.status === 'rejected')
  expect(refused.length).toBe(store.statistics().refused)
  for (const { reason } of refused) expect(reason).toBeInstanceOf(RetryLater)
  expect(store.statistics().samples).toBe((10 - refused.length) * 500)
  expect(refused.length).toBe(6)
})

test('S8: large arrays are sealed by their bytes, so that memory stays bounded', async () => {
  const { store } = await setUp({ hotBytesMax: 1 << 20 })
  const data = Float32Array.from({ length: 1 << 16 }, (_, index) => Math.fround(20 + Math.sin(index / 100)))
  for (let time = 1; time <= 20; time++)
    await store.append([{ batch: batchOf([{ tag: 'm/field', time, value: { shape: [256, 256], data } }]) }])
  await vi.waitFor(() => expect(store.statistics().hotRows).toBeLessThanOrEqual(8))
  expect((await store.arrays('m/field', 0, 99, 99)).length).toBe(20)
  expect((await store.arrayAt('m/field', 1))?.data).toEqual(data)
})

async function untilRefused(append: () => Promise<void>): Promise<unknown> {
  for (;;) {
    try {
      await append()
    } catch (error) {
      return error
    }
  }
}

test('S15: a full disk refuses appends, loses nothing, and the store goes on when there is space', async ({ skip }) => {
  const disk = mountSmallDisk(16) ?? skip('no disk can be mounted here')
  onTestFinished(disk.remove)
  const { folder } = disk
  disk.fill(12_000_000)
  const { store, said } = await setUp({ folder })
  let sequence = 0
  const append = async () => {
    const [result] = await store.append([{ batch: noise(sequence * 1000, 1000), origin: { source: 'a', sequence: sequence + 1 } }])
    expect(result).toEqual({ stored: 1000, duplicates: 0, replaced: 0, expired: 0 })
    sequence++
  }
  const refusal = await untilRefused(append)
  expect(sequence).toBeGreaterThan(5)
  expect(refusal).toBeInstanceOf(RetryLater)
  expect(messageOf(refusal)).toMatch(`the disk that holds ${folder} is full`)
  disk.fill()
  await store.seal()
  expect(store.statistics().sealFailure).toMatch(/full/)
  expect(store.statistics()).toMatchObject({ samples: sequence * 1000 })
  expect((await store.read(tag, 0, 1e12, 1e6)).time.length).toBe(sequence * 1000)
  disk.relieve()
  for (let more = 0; more < 3; more++) await append()
  await store.seal()
  expect(store.statistics()).toMatchObject({ sealFailure: undefined, samples: sequence * 1000 })
  await store.close()
  await store.open()
  const { value } = await store.read(tag, 0, 1e12, 1e6)
  expect(value).toEqual(noise(0, sequence * 1000).value)
  expect(said.filter((message) => message.startsWith('cannot seal'))).toHaveLength(1)
  expect(said.at(-1)).toBe('sealing works again')
})
