// An embedded store's folder, opened: lock, database, thread and log, with an engine on them.
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigError, messageOf } from '#core/errors.ts'
import { countDamage } from '#store/engine/damage.ts'
import { startEngine, type Engine, type EngineSettings } from '#store/engine/engine.ts'
import { ThreadLink } from '#store/engine/thread.ts'
import { TimeSlice } from '#store/engine/time-slice.ts'
import { connect, prepareDatabase } from './database.ts'
import { lockFolder } from './folder-lock.ts'
import { loadShelf } from './load-shelf.ts'
import { Lookup } from './lookup.ts'
import { SqliteReader } from './sqlite-reader.ts'
import { makeFolder } from './sync-folder.ts'
import type { StoreActs } from './worker-acts.ts'
import { diskFault, WriteAheadLog, type OpenFile } from './write-ahead-log.ts'

export interface FolderSettings extends EngineSettings {
  readonly folder: string
  /** Decoded rows of chunks kept for data that comes late. */
  readonly cacheRowsMax: number
  /** Opens the log's files; tests hand in one whose disk fails. */
  readonly openFile?: OpenFile
}

export interface OpenedFolder {
  readonly engine: Engine
  readonly reader: SqliteReader
  readonly worker: ThreadLink<StoreActs>
  /** Things found damaged since the store was opened. */
  readonly damaged: () => number
  readonly close: () => Promise<void>
}

/** Opens a folder, creating it when it is not there. Throws `ConfigError` when it cannot be used. */
export async function openFolder(settings: FolderSettings): Promise<OpenedFolder> {
  const { folder } = settings
  const undo: (() => void | Promise<void>)[] = []
  try {
    await makeFolder(folder)
    undo.push(lockFolder(folder))
    prepareDatabase(folder, (message) => settings.log.info(message))
    return await start(settings, undo)
  } catch (error) {
    for (const act of undo.toReversed()) await act()
    if (error instanceof ConfigError) throw error
    throw new ConfigError(
      `cannot use the data folder ${folder}: ${messageOf(error)}; check that the disk has space and that it may be written`,
    )
  }
}

async function start(settings: FolderSettings, undo: (() => void | Promise<void>)[]): Promise<OpenedFolder> {
  const { folder, log } = settings
  const { damage, count } = countDamage(log)
  const worker = new ThreadLink<StoreActs>(new URL('./store.worker.ts', import.meta.url), { folder }, damage)
  undo.push(() => worker.close())
  const connection = connect(folder)
  undo.push(() => connection.close())
  const recordLog = new WriteAheadLog(folder, log, settings.openFile)
  undo.push(() => recordLog.close())
  const reader = new SqliteReader(connection, damage)
  const bytesOf = (name: string) => statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0
  const engine = await startEngine({
    settings,
    shelf: reader,
    lookup: new Lookup(reader, damage, settings.cacheRowsMax),
    desk: worker.desk(),
    recordLog,
    slice: new TimeSlice(),
    load: async (telemetry) => loadShelf(connection, telemetry),
    bytesOnDisk: () => recordLog.bytes + bytesOf('chunks.db') + bytesOf('chunks.db-wal') + bytesOf('chunks.db-shm'),
    sealMend: 'free space on that disk',
    sealFault: (reason) => diskFault(new Error(reason), folder),
  })
  const close = async () => {
    await engine.close()
    for (const act of undo.toReversed()) await act()
  }
  return { engine, reader, worker, damaged: () => count() + recordLog.damagedRecords, close }
}
