// The SQLite file that holds sealed data: tags, origins, chunks, blocks, arrays. One thread writes; every thread reads by a connection of its own.
import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { ConfigError, messageOf } from '#core/errors.ts'
import { migrate } from './migrate.ts'
import { databaseFile, schema, schemaVersion } from './schema.ts'

/** Creates the file, or brings an older one to the present form. Throws `ConfigError` when it is no database of ours, or of a newer version. */
export function prepareDatabase(folder: string, report: (message: string) => void): void {
  const path = databaseFile(folder)
  const isNew = !existsSync(path)
  let connection: DatabaseSync | undefined
  try {
    connection = connect(folder)
    const version = Number(connection.prepare('pragma user_version').get()?.['user_version'])
    if (version > schemaVersion)
      throw new ConfigError(
        `${path} was written by a newer Millwright (format ${version}, this one reads ${schemaVersion}): start that one`,
      )
    if (version === 0 && isNew) connection.exec(`begin; ${schema} commit`)
    else if (version === 0) throw new ConfigError(`${path} is no store of Millwright's; move it away, or restore the file from a backup`)
    else if (version < schemaVersion) {
      connection.close()
      migrate(folder, version, report)
      connection = connect(folder)
    }
    // What a killed process committed may not be on the disk itself yet; the log that covers it goes only when it is.
    connection.exec('begin immediate; commit; pragma wal_checkpoint(truncate)')
  } catch (error) {
    if (error instanceof ConfigError) throw error
    throw new ConfigError(`cannot use ${path}: ${messageOf(error)}; check the disk and the rights, or restore the file from a backup`)
  } finally {
    if (connection?.isOpen) connection.close()
  }
}

/** What stays of SQLite's own log after it has grown beside a long copy. */
const logBytesKept = 64 << 20

/** A connection whose commits are durable when they return. */
export function connect(folder: string): DatabaseSync {
  const connection = new DatabaseSync(databaseFile(folder), { timeout: 5000 })
  try {
    // No memory mapping: a bad sector under it would be a signal that ends the process, in place of an error; measured, it is no faster.
    connection.exec(`pragma page_size = 65536; pragma auto_vacuum = incremental; pragma journal_mode = wal; pragma synchronous = full;
      pragma cache_size = -8192; pragma mmap_size = 0; pragma wal_autocheckpoint = 0; pragma journal_size_limit = ${logBytesKept}`)
  } catch (error) {
    connection.close()
    throw error
  }
  return connection
}
