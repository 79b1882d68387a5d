import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { storeContract } from '#test/contracts/store.ts'
import { createEmbeddedStore } from './embedded-store.ts'

storeContract('the embedded store', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'millwright-store-'))
  const store = createEmbeddedStore({ folder })
  await store.open()
  return {
    store,
    settle: () => store.seal(),
    reopen: async () => {
      await store.close()
      await store.open()
      return store
    },
    close: async () => {
      await store.close()
      await rm(folder, { recursive: true })
    },
  }
})
