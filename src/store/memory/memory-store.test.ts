import { storeContract } from '#test/contracts/store.ts'
import { createMemoryStore } from './memory-store.ts'

storeContract('the memory store', async () => ({ store: createMemoryStore(), settle: async () => {}, close: async () => {} }))
