// One process at a time per folder. SQLite's file lock is used because the operating system frees it when a process dies, however it dies.
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { ConfigError, messageOf } from '#core/errors.ts'

/** Takes the lock and returns what frees it. Throws `ConfigError` when another process, or another store here, has it. */
export function lockFolder(folder: string): () => void {
  const lock = new DatabaseSync(join(folder, 'lock'), { timeout: 0 })
  try {
    lock.exec('begin exclusive')
  } catch (error) {
    lock.close()
    if (/locked/.test(messageOf(error)))
      throw new ConfigError(
        `the data folder ${folder} is in use by another Millwright: stop that one, or give this one a folder of its own`,
      )
    throw error
  }
  return () => lock.close()
}
