import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { agreesWithMemory } from '#test/contracts/against-memory.ts'
import { createEmbeddedStore } from './embedded-store.ts'

agreesWithMemory(
  'the embedded store',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'millwright-store-'))
    const store = createEmbeddedStore({ folder, hotRowsMax: 150, hotBytesMax: 500, cacheRowsMax: 200 })
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
  },
  { numRuns: 30 },
)
