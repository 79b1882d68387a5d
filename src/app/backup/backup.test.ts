// Backups of a data folder, and what comes of them: whole or not at all.
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { batchOf } from '#core/batch.ts'
import { systemClock } from '#core/clock.ts'
import { openDatabase } from '#database/open.ts'
import { Outbox } from '#gateway/outbox.ts'
import { createEmbeddedStore } from '#store/embedded/embedded-store.ts'
import { mountSmallDisk } from '#test/support/small-disk.ts'
import { createBackups, type Backups } from './backups.ts'
import { restore } from './restore.ts'
import { openStopped } from './stopped.ts'

const log = { info: () => {}, warn: () => {} }

/** A data folder with something in each part. */
async function setUp() {
  const home = await mkdtemp(join(tmpdir(), 'millwright-backup-'))
  onTestFinished(() => rm(home, { recursive: true }))
  const data = join(home, 'data')
  await mkdir(join(data, 'gateway', 'connections', 'line', 'own'), { recursive: true })
  await writeFile(join(data, 'gateway', 'connections', 'line', 'own', 'key.pem'), 'secret')
  const store = createEmbeddedStore({ folder: join(data, 'store') })
  await store.open()
  await store.append([{ batch: batchOf([{ tag: 'm/t', time: 1, value: 2 }]) }])
  await store.close()
  const outbox = new Outbox(join(data, 'gateway', 'outbox.db'))
  outbox.append([{ connection: 'line', count: 1, frame: Uint8Array.of(7) }], 1)
  outbox.close()
  await (await openDatabase(join(data, 'millwright.db'))).destroy()
  return { home, data, target: join(home, 'backups', 'monday') }
}

async function backedUp(data: string, target: string, databaseUrl?: string) {
  await using source = await openStopped(data, databaseUrl, log)
  const backups = createBackups(source, { clock: systemClock, log })
  await backups.start(target)
  const state = await ended(backups)
  return state
}

/** How it ended. */
const ended = (backups: Pick<Backups, 'state'>) =>
  vi.waitFor(
    async () => {
      const state = await backups.state()
      expect(state.state).not.toBe('running')
      return state
    },
    { timeout: 30_000 },
  )

const restored = (backup: string, folder: string, force = false) =>
  restore(backup, folder, { force, now: new Date('2026-01-31T12:00:00.5Z'), copied: () => {} })

test('a backup has everything, and what is restored of it is the same but for the identity of the outbox', async () => {
  const { home, data, target } = await setUp()
  expect(await backedUp(data, target)).toMatchObject({ state: 'done', files: 4, notes: [] })
  const { manifest, movedTo } = await restored(target, join(home, 'again'))
  expect(movedTo).toBeUndefined()
  expect(manifest.files.map(({ path }) => path)).toEqual([
    'gateway/connections/line/own/key.pem',
    'gateway/outbox.db',
    'millwright.db',
    'store/chunks.db',
  ])
  expect((await readdir(join(home, 'again'))).toSorted()).toEqual(['gateway', 'millwright.db', 'store'])
  expect(await readFile(join(home, 'again', 'gateway/connections/line/own/key.pem'), 'utf8')).toBe('secret')
  const store = createEmbeddedStore({ folder: join(home, 'again', 'store') })
  await store.open()
  expect(store.latest('m/t')).toEqual({ time: 1, value: 2, quality: 0 })
  await store.close()
  const [before, after] = [data, join(home, 'again')].map((folder) => new Outbox(join(folder, 'gateway', 'outbox.db')))
  expect(after?.id).not.toBe(before?.id)
  expect(after?.next(0, 9, 9)).toEqual(before?.next(0, 9, 9))
  before?.close()
  after?.close()
})

test('where PostgreSQL has what exists and who may, that is said', async () => {
  const { data, target } = await setUp()
  const state = await backedUp(data, target, 'postgres://localhost/millwright')
  expect(state).toMatchObject({ state: 'done', files: 3, notes: [expect.stringContaining('back that up with pg_dump')] })
})

test('a backup goes into a new or empty folder only, and not where another was cut off', async () => {
  const { home, data, target } = await setUp()
  await expect(backedUp(data, 'monday')).rejects.toThrow('"monday" is no whole path')
  await expect(backedUp(data, data)).rejects.toThrow(`${data} is not empty; name a new folder`)
  await expect(backedUp(data, join(data, 'millwright.db'))).rejects.toThrow(/ENOTDIR.*name a new folder/)
  await mkdir(`${target}.part`, { recursive: true })
  await expect(backedUp(data, target)).rejects.toThrow(`${target}.part is there, of a backup that was cut off`)
  await rm(`${target}.part`, { recursive: true })
  await mkdir(target, { recursive: true })
  expect(await backedUp(data, target)).toMatchObject({ state: 'done' })
  await expect(backedUp(join(home, 'nothing'), join(home, 'x'))).rejects.toThrow(/there is no data of Millwright's in .*; check --data/)
})

test('a backup that fails on its way leaves nothing behind and says why', async () => {
  const { home, data, target } = await setUp()
  await using source = await openStopped(data, undefined, log)
  const backups = createBackups({ ...source, copyDatabase: () => Promise.reject(new Error('no luck')) }, { clock: systemClock, log })
  await backups.start(target)
  await expect(backups.start(join(home, 'tuesday'))).rejects.toThrow('a backup is being made already')
  expect(await ended(backups)).toMatchObject({ state: 'failed', message: expect.stringMatching(/no luck/) })
  expect(await readdir(home)).toEqual(['data'])
})

test('a backup that is under way when the server stops is given up', async () => {
  const { home, data, target } = await setUp()
  await using source = await openStopped(data, undefined, log)
  const backups = createBackups(source, { clock: systemClock, log })
  await backups.start(target)
  await backups.stop()
  expect(await backups.state()).toMatchObject({ state: 'failed', message: expect.stringMatching(/stopped meanwhile/) })
  expect(await readdir(home)).toEqual(['data'])
})

test('a disk that is too small is said before anything is written, one that fills up afterwards', async ({ skip }) => {
  const disk = mountSmallDisk(4) ?? skip('no disk can be mounted here')
  onTestFinished(disk.remove)
  const { data } = await setUp()
  disk.fill(3_500_000)
  await expect(backedUp(data, join(disk.folder, 'b'))).rejects.toThrow(/has .* free, and this takes about .*; make room/)
  const source = await openStopped(data, undefined, log)
  const backups = createBackups({ ...source, bytes: () => 0 }, { clock: systemClock, log })
  await backups.start(join(disk.folder, 'b'))
  expect(await ended(backups)).toMatchObject({
    state: 'failed',
    message: `the disk of ${disk.folder}/b is full, and nothing of the backup was left there; make room, or name a folder on another disk`,
  })
  expect(await readdir(disk.folder)).toEqual(['ballast'])
  disk.relieve()
  await source[Symbol.asyncDispose]()
  const elsewhere = `${data}-backup`
  await backedUp(data, elsewhere)
  disk.fill(3_500_000)
  await expect(restored(elsewhere, join(disk.folder, 'data'))).rejects.toThrow(/the disk of .* is full: this takes .*; make room/)
  expect(await readdir(join(disk.folder, 'data'))).toEqual([])
})

test('a data folder that is not empty stays, or is moved aside when that is meant; one in use is not touched', async () => {
  const { home, data, target } = await setUp()
  await backedUp(data, target)
  await expect(restored(target, data)).rejects.toThrow(`${data} is not empty: name a new folder with --data, or add --force`)
  const store = createEmbeddedStore({ folder: join(data, 'store') })
  await store.open()
  await expect(restored(target, data, true)).rejects.toThrow(/is in use by another Millwright/)
  await store.close()
  const movedTo = `${data}.before-restore-2026-01-31T12-00-00-500Z`
  expect(await restored(target, data, true)).toMatchObject({ movedTo })
  expect((await readdir(home)).toSorted()).toEqual(['backups', 'data', 'data.before-restore-2026-01-31T12-00-00-500Z'])
  expect((await readdir(movedTo)).toSorted()).toEqual(['gateway', 'millwright.db', 'store'])
  const cutOff = join(home, 'cut-off')
  await mkdir(join(cutOff, 'restore.part', 'old'), { recursive: true })
  await restored(target, cutOff)
  expect((await readdir(cutOff)).toSorted()).toEqual(['gateway', 'millwright.db', 'store'])
})

test('a backup that is damaged in any way is refused, and nothing is written', async () => {
  const { home, data, target } = await setUp()
  await backedUp(data, target)
  const manifest = join(target, 'manifest.json')
  const text = await readFile(manifest, 'utf8')
  const folder = join(home, 'again')
  const refused = async (sentence: string | RegExp) => {
    await expect(restored(target, folder)).rejects.toThrow(sentence)
    expect(await readdir(folder).catch(() => [])).toEqual([])
  }
  const chunks = join(target, 'store', 'chunks.db')
  const bytes = await readFile(chunks)
  await writeFile(chunks, bytes.with(1000, (bytes[1000] as number) ^ 1))
  await refused(`${chunks} is damaged: it is not as manifest.json says; use another backup`)
  await writeFile(chunks, bytes.subarray(1))
  await refused(`${chunks} is damaged`)
  await rename(chunks, `${chunks}-away`)
  await refused(`${chunks} is missing`)
  await writeFile(manifest, text.slice(0, 100))
  await refused(/manifest\.json is damaged/)
  await writeFile(manifest, text.replace('gateway/outbox.db', '../../outbox.db'))
  await refused(/manifest\.json is damaged \(files\.1\.path: is no path below the backup\)/)
  await writeFile(manifest, text.replace('"store": 2', '"store": 99'))
  await refused(/was written by a newer Millwright/)
  await rm(manifest)
  await refused(`${target} is no whole backup: it has no manifest.json`)
})
