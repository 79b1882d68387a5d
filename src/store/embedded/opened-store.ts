// An open embedded store: its parts put together, recovered from disk, and closed in the right order.
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { every, type Clock } from '#core/clock.ts'
import type { Log } from '#core/driver.ts'
import { ConfigError, messageOf } from '#core/errors.ts'
import { ArrayTable } from './array-table.ts'
import { ChunkTable } from './chunk-table.ts'
import { CommitQueue } from './commit-queue.ts'
import { openDatabase, type Database } from './database.ts'
import { lockFolder } from './folder-lock.ts'
import { encodeRecord } from './log-record.ts'
import { Sealer } from './sealer.ts'
import { makeFolder } from './sync-folder.ts'
import { Telemetry } from './telemetry.ts'
import { TimeSlice } from './time-slice.ts'
import { diskFault, WriteAheadLog, type OpenFile } from './write-ahead-log.ts'

export interface OpenSettings {
  readonly folder: string
  readonly clock: Clock
  readonly log: Log
  /** Rows in memory before they are sealed; while they are, as many again may come. About 20 bytes each. */
  readonly hotRowsMax: number
  /** Bytes of texts and arrays in memory before they are sealed; as many again may come meanwhile. */
  readonly hotBytesMax: number
  /** Bytes of log before what it covers is sealed. */
  readonly logBytesMax: number
  /** Rows are sealed after so long, however few. */
  readonly sealAfterMs: number
  /** How often it is looked whether sealing is due, or has failed and is to be tried again. */
  readonly sealRetryMs: number
  /** Bytes of appends that may wait; beyond, `append` throws `RetryLater`. */
  readonly queueBytesMax: number
  /** Decoded rows of chunks kept for data that comes late. */
  readonly cacheRowsMax: number
  /** Opens the log's files; tests hand in one whose disk fails. */
  readonly openFile?: OpenFile
}

export interface OpenedStore {
  readonly telemetry: Telemetry
  readonly chunks: ChunkTable
  readonly arrays: ArrayTable
  readonly queue: CommitQueue
  readonly sealer: Sealer
  readonly log: WriteAheadLog
  readonly slice: TimeSlice
  readonly bytesOnDisk: () => number
  readonly close: () => Promise<void>
}

/** Opens a folder, creating it when it is not there. Throws `ConfigError` when it cannot be used. */
export async function openStore(settings: OpenSettings): Promise<OpenedStore> {
  const { folder } = settings
  const undo: (() => void | Promise<void>)[] = []
  try {
    await makeFolder(folder)
    undo.push(lockFolder(folder))
    const database = await openDatabase(folder)
    undo.push(() => database.close())
    const log = new WriteAheadLog(folder, settings.log, settings.openFile)
    undo.push(() => log.close())
    return await start(settings, database, log, undo)
  } catch (error) {
    for (const act of undo.toReversed()) await act()
    if (error instanceof ConfigError) throw error
    throw new ConfigError(
      `cannot use the data folder ${folder}: ${messageOf(error)}; check that the disk has space and that it may be written`,
    )
  }
}

async function start(
  settings: OpenSettings,
  database: Database,
  log: WriteAheadLog,
  release: (() => void | Promise<void>)[],
): Promise<OpenedStore> {
  const { clock, folder, hotRowsMax, hotBytesMax, logBytesMax, sealAfterMs, sealRetryMs } = settings
  const chunks = new ChunkTable(database, settings.log, settings.cacheRowsMax)
  const arrays = new ArrayTable(database, settings.log)
  const telemetry = new Telemetry(chunks, arrays)
  const slice = new TimeSlice()
  const isFull = () => telemetry.hotRows >= hotRowsMax || telemetry.hotBytes >= hotBytesMax || log.segmentBytes >= logBytesMax
  const queue = new CommitQueue(
    {
      get tagCount() {
        return telemetry.tagCount
      },
      get sourceCount() {
        return telemetry.sourceCount
      },
      newest: (source) => telemetry.newest(source),
      kind: (path) => telemetry.kind(path),
      learn: (news) => telemetry.learn(news),
      apply: (delivery) => telemetry.apply(delivery),
      write: (deliveries) => log.write(encodeRecord(deliveries)),
      makeRoom,
    },
    settings.queueBytesMax,
    slice,
  )
  const sealer = new Sealer({
    telemetry,
    chunks,
    arrays,
    database,
    log,
    report: settings.log,
    slice,
    exclusively: (act) => queue.exclusively(act),
  })

  /** Freezing makes room at once; when something is frozen already, only its sealing does. */
  async function makeRoom(): Promise<void> {
    if (isFull() && !sealer.isFrozen) {
      void sealer.seal()
      await queue.exclusively(async () => {})
    }
    while (isFull()) {
      await sealer.seal()
      if (sealer.failure !== undefined) throw diskFault(new Error(sealer.failure), folder)
    }
  }

  const sealed = sealer.load()
  // What a killed process committed may not be on the disk itself yet; the log that covers it goes only when it is.
  await database.flush()
  await log.start(sealed, (deliveries) => telemetry.replay(deliveries))
  let sealedAt = clock.now()
  const stopTimer = every(clock, sealRetryMs, async () => {
    if (sealer.failure === undefined && clock.now() - sealedAt < sealAfterMs * 1000) return
    sealedAt = clock.now()
    await sealer.seal()
  })

  async function close(): Promise<void> {
    stopTimer()
    await queue.drain()
    await sealer.seal()
    if (sealer.failure === undefined) await sealer.seal()
    for (const act of release.toReversed()) await act()
  }
  const bytesOf = (name: string) => statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0
  const bytesOnDisk = () => log.bytes + bytesOf('chunks.db') + bytesOf('chunks.db-wal') + bytesOf('chunks.db-shm')
  return { telemetry, chunks, arrays, queue, sealer, log, slice, bytesOnDisk, close }
}
