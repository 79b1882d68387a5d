import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { longTermContract, noise } from '#test/contracts/long-term.ts'
import { createEmbeddedStore, type EmbeddedStoreSettings } from './embedded-store.ts'

async function setUp(given: Partial<EmbeddedStoreSettings> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'millwright-store-'))
  const said: string[] = []
  const log = { info: () => {}, warn: (message: string) => void said.push(message) }
  const store = createEmbeddedStore({ folder, log, ...given })
  await store.open()
  onTestFinished(async () => {
    await store.close()
    await rm(folder, { recursive: true })
  })
  return { folder, said, store }
}

longTermContract('the embedded store', setUp)

test('S18: the file is smaller soon after a tag was deleted', async () => {
  const { folder, store } = await setUp()
  await store.append([{ batch: noise(0) }, { batch: noise(0, 'm/noise') }])
  await store.seal()
  const { size } = await stat(join(folder, 'chunks.db'))
  await store.remove('m/noise')
  await vi.waitFor(async () => expect((await stat(join(folder, 'chunks.db'))).size).toBeLessThan(size))
})
