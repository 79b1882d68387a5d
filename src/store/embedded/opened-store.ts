// An open embedded store: its parts put together, recovered from disk, and closed in the right order.
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { every, type Clock } from '#core/clock.ts'
import type { Log } from '#core/driver.ts'
import { ConfigError, messageOf } from '#core/errors.ts'
import { CommitQueue } from '#store/engine/commit-queue.ts'
import { Telemetry } from '#store/engine/telemetry.ts'
import { TimeSlice } from '#store/engine/time-slice.ts'
import { connect, prepareDatabase } from './database.ts'
import { lockFolder } from './folder-lock.ts'
import { loadShelf } from './load-shelf.ts'
import { encodeRecord } from './log-record.ts'
import { Lookup } from './lookup.ts'
import { Retention, type RetentionSettings } from './retention.ts'
import { Sealer } from './sealer.ts'
import { SqliteReader, type Damage } from './sqlite-reader.ts'
import { makeFolder } from './sync-folder.ts'
import { WorkerLink } from './worker-link.ts'
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
  readonly retention: RetentionSettings
  /** Opens the log's files; tests hand in one whose disk fails. */
  readonly openFile?: OpenFile
}

export interface OpenedStore {
  readonly telemetry: Telemetry
  readonly shelf: SqliteReader
  readonly worker: WorkerLink
  readonly queue: CommitQueue
  readonly sealer: Sealer
  readonly retention: Retention
  readonly log: WriteAheadLog
  readonly slice: TimeSlice
  /** Things found damaged since the store was opened. */
  readonly damaged: () => number
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

async function start(settings: OpenSettings, undo: (() => void | Promise<void>)[]): Promise<OpenedStore> {
  const { clock, folder, hotRowsMax, hotBytesMax, logBytesMax, sealAfterMs, sealRetryMs } = settings
  const damaged = new Set<string>()
  const damage: Damage = (what, reason) => {
    if (!damaged.has(what)) settings.log.warn(`${what} cannot be read (${reason}); all else can: restore it from a backup`)
    damaged.add(what)
  }
  const worker = new WorkerLink(folder, damage)
  undo.push(() => worker.close())
  const connection = connect(folder)
  undo.push(() => connection.close())
  const log = new WriteAheadLog(folder, settings.log, settings.openFile)
  undo.push(() => log.close())

  const shelf = new SqliteReader(connection, damage)
  const lookup = new Lookup(shelf, damage, settings.cacheRowsMax)
  const telemetry = new Telemetry(lookup)
  const slice = new TimeSlice()
  const pause = () => slice.pause()
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
      knows: (tags, kinds) => telemetry.knows(tags, kinds),
      learn: (news) => telemetry.learn(news),
      apply: (delivery) => telemetry.apply(delivery),
      write: (deliveries) => log.write(encodeRecord(deliveries)),
      isFull,
      makeRoom,
    },
    settings.queueBytesMax,
    slice,
  )
  const sealer = new Sealer({
    telemetry,
    lookup,
    worker,
    log,
    pause,
    report: settings.log,
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

  const sealed = loadShelf(connection, telemetry)
  await log.start(sealed.segment, (deliveries) => telemetry.replay(deliveries))
  sealer.begin(sealed)
  const bytesOf = (name: string) => statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0
  const bytesOnDisk = () => log.bytes + bytesOf('chunks.db') + bytesOf('chunks.db-wal') + bytesOf('chunks.db-shm')
  const retention = new Retention({ telemetry, sealer, worker, bytesOnDisk, settings: settings.retention, report: settings.log })
  let sealedAt = clock.now()
  const stopTimer = every(clock, sealRetryMs, async () => {
    if (sealer.failure !== undefined || clock.now() - sealedAt >= sealAfterMs * 1000) {
      sealedAt = clock.now()
      await sealer.seal()
    }
    void retention.look()
  })

  async function close(): Promise<void> {
    stopTimer()
    await queue.drain()
    await sealer.seal()
    if (sealer.failure === undefined) await sealer.seal()
    for (const act of undo.toReversed()) await act()
  }
  return {
    telemetry,
    shelf,
    worker,
    queue,
    sealer,
    retention,
    log,
    slice,
    bytesOnDisk,
    close,
    damaged: () => damaged.size + log.damagedRecords,
  }
}
