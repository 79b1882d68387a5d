// A store of format 1 becomes one of format 2. The fixture is the folder of the last Millwright that wrote format 1, killed with rows in its log:
// its files, packed by gzip, as base64. `rows` is what went in: 0 to 1200 sealed, the rest in the log.
import { existsSync } from 'node:fs'
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { gunzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import { batchOf, type Batch } from '#core/batch.ts'
import { ConfigError } from '#core/errors.ts'
import { minuteUs, secondUs } from '#core/time.ts'
import { createMemoryStore } from '#store/memory/memory-store.ts'
import { mountSmallDisk } from '#test/support/small-disk.ts'
import { checkStore } from './check/check-store.ts'
import { createEmbeddedStore } from './embedded-store.ts'

const start = Date.UTC(2026, 0, 1) * 1000
const paths = ['m/pressure', 'm/on', 'm/state', 'm/field', 'm/late']

function rows(first: number, end: number): Batch {
  return batchOf(
    Array.from({ length: end - first }, (_, index) => first + index).flatMap((row) => {
      const time = start + row * secondUs
      const isMissing = row % 97 === 0
      const value = row % 50 === 0 ? -0 : Math.round(1000 * Math.sin(row / 100)) / 1000
      const field = { shape: [2, 3], data: Float32Array.from({ length: 6 }, (_, at) => row + at / 2) }
      return [
        { tag: 'm/pressure', kind: 'number' as const, time, value: isMissing ? null : value, quality: isMissing ? 0x80 : 0 },
        ...(row % 10 === 0 ? [{ tag: 'm/on', time, value: row % 20 === 0 }] : []),
        ...(row % 10 === 0 ? [{ tag: 'm/state', time, value: `state ${row % 7}` }] : []),
        ...(row % 500 === 0 ? [{ tag: 'm/field', time, value: field }] : []),
      ]
    }),
  )
}
const correction = batchOf([{ tag: 'm/pressure', time: start + secondUs, value: 99 }])
const late = batchOf([{ tag: 'm/late', time: start, value: 'text' }])

/** Unpacks the fixture into a folder. */
async function unpack(folder: string): Promise<void> {
  const files = JSON.parse(await readFile(join(import.meta.dirname, 'migrate.fixture.json'), 'utf8')) as Record<string, string>
  for (const [name, packed] of Object.entries(files)) await writeFile(join(folder, name), gunzipSync(Buffer.from(packed, 'base64')))
}

async function setUp() {
  const folder = await mkdtemp(join(tmpdir(), 'millwright-migrate-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await unpack(folder)
  return folder
}

const versionOf = (folder: string, name = 'chunks.db') => {
  const database = new DatabaseSync(join(folder, name), { readOnly: true })
  const version = database.prepare('pragma user_version').get()?.['user_version']
  database.close()
  return version
}

async function everythingIsThere(folder: string): Promise<void> {
  const store = createEmbeddedStore({ folder })
  const memory = createMemoryStore()
  await memory.append([rows(0, 1200), correction, rows(1200, 1300), late].map((batch) => ({ batch })))
  await store.open()
  try {
    expect([...store.tags()]).toEqual([...memory.tags()])
    expect(store.statistics()).toMatchObject({ samples: memory.statistics().samples, damaged: 0 })
    for (const path of paths) {
      expect(store.latest(path)).toEqual(memory.latest(path))
      const [found, expected] = [await store.read(path, 0, Infinity, 1e6), await memory.read(path, 0, Infinity, 1e6)]
      const legible = ({ value, texts }: typeof found) => Array.from(value, (x) => texts[x] ?? x)
      expect([found.time, found.quality, legible(found)]).toEqual([expected.time, expected.quality, legible(expected)])
    }
    expect(await store.arrays('m/field', 0, Infinity, 9)).toEqual(await memory.arrays('m/field', 0, Infinity, 9))
    expect(await store.arrayAt('m/field', Infinity)).toEqual(await memory.arrayAt('m/field', Infinity))
    const edges = Float64Array.from({ length: 23 }, (_, edge) => start + edge * minuteUs)
    const [found, expected] = [await store.buckets(['m/pressure'], edges), await memory.buckets(['m/pressure'], edges)]
    expect([found[0]?.count, found[0]?.min, found[0]?.max]).toEqual([expected[0]?.count, expected[0]?.min, expected[0]?.max])
    const repeated = { batch: rows(1200, 1300), origin: { source: 'gateway', sequence: 3 } }
    expect(await store.append([repeated])).toMatchObject([{ stored: 0 }])
  } finally {
    await store.close()
  }
}

test('a store of format 1 that crashed becomes one of format 2 with all that was sealed, and all that its log had', async () => {
  const folder = await setUp()
  const said: string[] = []
  const store = createEmbeddedStore({
    folder,
    log: { info: (message) => void said.push(message), warn: (message) => void said.push(message) },
  })
  await store.open()
  await store.close()
  expect(said).toEqual([
    `brought the store to format 2; what it was is kept in ${folder}/chunks.db.version-1: delete that when all is well`,
  ])
  expect([versionOf(folder), versionOf(folder, 'chunks.db.version-1')]).toEqual([2, 1])
  await everythingIsThere(folder)
  const found: string[] = []
  await checkStore(folder, { found: ({ text }) => void found.push(text), progress: () => {} })
  expect(found).toEqual([])
})

test('what an upgrade that was killed has left is no obstacle', async () => {
  const folder = await setUp()
  await writeFile(join(folder, 'chunks.db.new'), 'half of something')
  await everythingIsThere(folder)
  expect(existsSync(join(folder, 'chunks.db.new'))).toBe(false)
})

test('a disk without room for the copy leaves the store as it was, and says so', async ({ skip }) => {
  const disk = mountSmallDisk(4) ?? skip('no disk can be mounted here')
  onTestFinished(disk.remove)
  await unpack(disk.folder)
  disk.fill(2_500_000)
  const store = createEmbeddedStore({ folder: disk.folder })
  await expect(store.open()).rejects.toThrow(ConfigError)
  await expect(store.open()).rejects.toThrow(/from format 1 to the present one: .*full.*; nothing was changed: free about as much space/)
  expect(versionOf(disk.folder)).toBe(1)
  expect(existsSync(join(disk.folder, 'chunks.db.new'))).toBe(false)
  disk.relieve()
  await everythingIsThere(disk.folder)
})

test('a store of format 1 that is damaged is not touched, and the error says what to do', async () => {
  const folder = await setUp()
  const database = new DatabaseSync(join(folder, 'chunks.db'))
  database.exec('pragma wal_checkpoint(truncate)')
  const { rootpage } = database.prepare(`select rootpage from sqlite_master where name = 'chunk_data'`).get() as { rootpage: number }
  database.close()
  const file = await open(join(folder, 'chunks.db'), 'r+')
  await file.write(new Uint8Array(1000).fill(0xa5), 0, 1000, (rootpage - 1) * 65_536)
  await file.close()
  const before = await readFile(join(folder, 'chunks.db'))
  const store = createEmbeddedStore({ folder })
  await expect(store.open()).rejects.toThrow(ConfigError)
  await expect(store.open()).rejects.toThrow(
    /cannot bring .* from format 1 to the present one: .*malformed.*; nothing was changed: .*start the older Millwright/,
  )
  const after = await readFile(join(folder, 'chunks.db'))
  // But for the note, in its first bytes, how its changes are logged.
  expect(after.subarray(100).equals(before.subarray(100))).toBe(true)
  expect(existsSync(join(folder, 'chunks.db.new'))).toBe(false)
  expect(existsSync(join(folder, 'chunks.db.version-1'))).toBe(false)
})
