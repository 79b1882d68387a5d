// The SQLite file that holds sealed data: tags, origins, chunks, arrays. One connection writes, one reads.
import { open, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { ConfigError, messageOf } from '#core/errors.ts'

const schemaVersion = 1

// 64 KiB pages hold ten chunks with little waste. Blob columns keep what SQLite numbers cannot: NaN and -0.
const schema = `
  create table meta(name text primary key, value integer not null) without rowid;
  create table tag(id integer primary key, path text not null unique, kind text not null,
    latest_time integer, latest_value blob, latest_quality integer, latest_text text);
  create table origin(source text primary key, sequence integer not null) without rowid;
  create table chunk(tag integer, start integer, end integer not null, count integer not null, statistics blob not null,
    data integer not null, primary key(tag, start)) without rowid;
  create table chunk_data(id integer primary key, bytes blob not null);
  create table damaged_chunk(tag integer, start integer, end integer, count integer, bytes blob);
  create table array_sample(id integer primary key, tag integer not null, time integer not null, quality integer not null,
    statistics blob, bytes blob);
  create unique index array_sample_time on array_sample(tag, time);
  pragma user_version = ${schemaVersion};`

export interface Database {
  readonly writer: DatabaseSync
  readonly reader: DatabaseSync
  /** Makes what the writer has committed durable, without blocking the event loop, and shortens SQLite's own log. */
  flush(): Promise<void>
  close(): Promise<void>
}

/** Opens or creates the file. Throws `ConfigError` when it is no database of ours, or of a newer version. */
export async function openDatabase(folder: string): Promise<Database> {
  const path = join(folder, 'chunks.db')
  const handles: FileHandle[] = []
  const connections: DatabaseSync[] = []
  const closeAll = async () => {
    for (const connection of connections) {
      // The last connection to close moves pages from the log to the file and deletes the log: here it must sync.
      connection.exec('pragma synchronous = full')
      connection.close()
    }
    for (const handle of handles) await handle.close()
  }
  try {
    const writer = connect(path, connections)
    const version = Number(writer.prepare('pragma user_version').get()?.['user_version'])
    if (version > schemaVersion)
      throw new ConfigError(
        `${path} was written by a newer Millwright (format ${version}, this one reads ${schemaVersion}): start that one`,
      )
    if (version === 0)
      writer.exec(`pragma synchronous = full; begin; ${schema} commit; pragma wal_checkpoint(truncate); pragma synchronous = off`)
    // From here on somebody else's lock, say a backup's, is an error to try again after, never a wait of the whole process.
    writer.exec('begin immediate; commit; pragma busy_timeout = 0')
    const reader = connect(path, connections)
    const file = await open(path, 'r+')
    handles.push(file)
    const log = await open(`${path}-wal`, 'r+')
    handles.push(log)
    return { writer, reader, flush: () => flush(writer, file, log), close: closeAll }
  } catch (error) {
    await closeAll()
    if (error instanceof ConfigError) throw error
    throw new ConfigError(`cannot use ${path}: ${messageOf(error)}; check the disk and the rights, or restore the file from a backup`)
  }
}

/**
 * SQLite itself would block the event loop while it syncs, so it runs without, and the two syncs happen here, in the order that its
 * write-ahead logging needs: first its log; then pages go from the log to the file; then the file. Until the next transaction the log stays whole.
 */
async function flush(writer: DatabaseSync, file: FileHandle, log: FileHandle): Promise<void> {
  await log.datasync()
  writer.exec('pragma wal_checkpoint(passive)')
  await file.datasync()
}

function connect(path: string, connections: DatabaseSync[]): DatabaseSync {
  const connection = new DatabaseSync(path, { timeout: 5000 })
  connections.push(connection)
  // No memory mapping: a bad sector under it would be a signal that ends the process, in place of an error; measured, it is no faster.
  connection.exec(`pragma page_size = 65536; pragma journal_mode = wal; pragma synchronous = off; pragma cache_size = -16384;
    pragma mmap_size = 0; pragma wal_autocheckpoint = 0`)
  return connection
}
