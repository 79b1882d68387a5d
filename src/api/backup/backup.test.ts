// A backup is begun, followed and refused over the API.
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createBackups } from '#app/backup/backups.ts'
import { ownBackupSource } from '#app/backup/own-source.ts'
import { systemClock } from '#core/clock.ts'
import { plantSchema } from '#core/plant.ts'
import { openDatabase } from '#database/open.ts'
import { Outbox } from '#gateway/outbox.ts'
import { createEmbeddedStore } from '#store/embedded/embedded-store.ts'
import { testApi } from '#test/support/api.ts'

const plant = { ...plantSchema.parse({ plant: 'p' }), profiles: new Map() }
const log = { info: () => {}, warn: () => {} }

async function setUp() {
  const folder = await mkdtemp(join(tmpdir(), 'backup-api-'))
  const store = createEmbeddedStore({ folder: join(folder, 'store'), log })
  await store.open()
  await (await openDatabase(join(folder, 'millwright.db'))).destroy()
  const outbox = new Outbox(join(folder, 'outbox.db'))
  const gateway = { copyOutbox: (file: string) => outbox.copyTo(file), report: () => ({ outbox: { bytes: outbox.bytes } }) }
  const source = ownBackupSource({ folder, databaseUrl: undefined, store, gateway: () => gateway })
  const api = await testApi(plant, { store, backups: createBackups(source, { clock: systemClock, log }) })
  onTestFinished(async () => {
    await api.close()
    await store.close()
    outbox.close()
    await rm(folder, { recursive: true })
  })
  return { api, folder }
}

test('a backup is begun, one at a time, and told of until it is whole', async () => {
  const { api, folder } = await setUp()
  expect((await api.get('/api/v1/backup')).body).toEqual({ state: 'none' })
  const target = join(folder, 'b')
  const [first, second] = [api.post('/api/v1/backup', { folder: target }), api.post('/api/v1/backup', { folder: `${target}2` })]
  expect(await first).toMatchObject({ status: 202, body: { state: 'running', folder: target, doing: 'copying' } })
  expect(await second).toMatchObject({ status: 503, body: { message: expect.stringMatching(/a backup is being made already/) } })
  await vi.waitFor(
    async () =>
      expect((await api.get('/api/v1/backup')).body).toMatchObject({ state: 'done', folder: target, files: 3, bytes: expect.any(Number) }),
    { timeout: 20_000 },
  )
  expect((await readdir(target)).toSorted()).toEqual(['gateway', 'manifest.json', 'millwright.db', 'store'])
})

test.each([
  [{ folder: 'relative' }, 400, '"relative" is no whole path'],
  [{ folder: tmpdir() }, 400, 'is not empty; name a new folder'],
  [{ folder: '' }, 400, 'folder: '],
  [{}, 400, 'folder: '],
  [{ folder: '/x', force: true }, 400, 'force'],
])('a backup as %j is refused with %i', async (body, status, sentence) => {
  const { api } = await setUp()
  expect(await api.post('/api/v1/backup', body)).toMatchObject({ status, body: { message: expect.stringContaining(sentence) } })
  expect((await api.get('/api/v1/backup')).body).toEqual({ state: 'none' })
})

test('where the store is no folder there is no backup to ask for', async () => {
  const api = await testApi(plant)
  onTestFinished(() => api.close())
  expect(await api.get('/api/v1/backup')).toMatchObject({ status: 404 })
})
