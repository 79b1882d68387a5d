// Mends what a check has found, as far as nothing is lost by it: all of it in one transaction, or nothing.
import { ConfigError, messageOf } from '#core/errors.ts'
import { connect } from '#store/embedded/database.ts'
import { lockFolder } from '#store/embedded/folder-lock.ts'
import { SqliteWriter } from '#store/embedded/sqlite-writer.ts'
import { noteSamples } from './check-index.ts'
import type { Finding } from './checking.ts'

/** Throws `ConfigError` when it does not work; the store is as it was then. */
export async function repairStore(folder: string, findings: readonly Finding[]): Promise<void> {
  const unlock = lockFolder(folder)
  try {
    const connection = connect(folder)
    const shelf = new SqliteWriter(
      connection,
      () => {},
      async () => {},
    )
    try {
      shelf.begin()
      for (const { repair } of findings) await repair?.(shelf, connection)
      connection.exec(noteSamples)
      shelf.commit()
      connection.exec('pragma wal_checkpoint(truncate)')
    } catch (error) {
      shelf.rollback()
      throw new ConfigError(`cannot mend ${folder}: ${messageOf(error)}; nothing was changed: bring it back from a backup`)
    } finally {
      connection.close()
    }
  } finally {
    unlock()
  }
}
