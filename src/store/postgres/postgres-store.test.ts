import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Pool } from 'pg'
import { afterAll, beforeAll } from 'vitest'
import { createPool } from '#database/postgres.ts'
import { agreesWithMemory } from '#test/contracts/against-memory.ts'
import { storeContract } from '#test/contracts/store.ts'
import { startPostgres, type PostgresServer } from '#test/support/postgres.ts'
import { createPostgresStore, type PostgresStoreSettings } from './postgres-store.ts'

let server: PostgresServer
let pool: Pool
beforeAll(async () => {
  server = await startPostgres({ fsync: false })
  pool = createPool(await server.createDatabase())
})
afterAll(async () => {
  await pool.end()
  await server[Symbol.asyncDispose]()
})

async function make(given: Partial<PostgresStoreSettings> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'millwright-store-'))
  const store = createPostgresStore({ pool, folder, ...given })
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
      await pool.query('drop schema telemetry cascade')
      await rm(folder, { recursive: true })
    },
  }
}

storeContract('the PostgreSQL store', make)
agreesWithMemory('the PostgreSQL store', () => make({ hotRowsMax: 150, hotBytesMax: 500, cacheRowsMax: 200 }), {
  numRuns: 15,
  endOnFailure: true,
})
