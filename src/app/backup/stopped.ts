// A stopped server's data folder, as the source of a backup.
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Log } from '#core/driver.ts'
import { ConfigError } from '#core/errors.ts'
import { copyOf } from '#database/sqlite.ts'
import { Outbox } from '#gateway/outbox.ts'
import { createEmbeddedStore } from '#store/embedded/embedded-store.ts'
import type { BackupSource } from './back-up.ts'

/** Nothing is let go while it is copied, whatever the plant file says. */
const keepAll = { rules: [{ tags: '**', raw: 'forever', minutes: 'forever', hours: 'forever' } as const], bytesMax: Infinity }

/** Opens it. Throws `ConfigError` when there is none, or a server runs on it. */
export async function openStopped(folder: string, databaseUrl: string | undefined, log: Log): Promise<BackupSource & AsyncDisposable> {
  if (!existsSync(join(folder, 'store', 'chunks.db'))) throw new ConfigError(`there is no data of Millwright's in ${folder}; check --data`)
  const store = createEmbeddedStore({ folder: join(folder, 'store'), log, retention: keepAll })
  await store.open().catch((error: unknown) => {
    if (error instanceof ConfigError && /is in use/.test(error.message))
      throw new ConfigError(`a Millwright runs on ${folder}: leave --data out, so that it makes the backup itself`)
    throw error
  })
  const outbox = join(folder, 'gateway', 'outbox.db')
  const database = join(folder, 'millwright.db')
  const sizeOf = (file: string) => statSync(file, { throwIfNoEntry: false })?.size ?? 0
  return {
    copyOutbox: existsSync(outbox) ? async (file) => copyOutbox(outbox, file) : undefined,
    copyStore: (target) => store.backup(target),
    copyDatabase: !databaseUrl && existsSync(database) ? (file) => copyOf(database, file) : undefined,
    connections: join(folder, 'gateway', 'connections'),
    bytes: () => store.statistics().bytesOnDisk + sizeOf(outbox) + sizeOf(database),
    [Symbol.asyncDispose]: () => store.close(),
  }
}

function copyOutbox(file: string, copy: string): void {
  const outbox = new Outbox(file)
  try {
    outbox.copyTo(copy)
  } finally {
    outbox.close()
  }
}
