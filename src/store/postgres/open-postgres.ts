// A partition of the telemetry in PostgreSQL with a log of its own, opened: schema, ownership, log, with an engine on them.
import { randomUUID } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Pool } from 'pg'
import { ConfigError, messageOf, RetryLater } from '#core/errors.ts'
import { lockFolder } from '#store/embedded/folder-lock.ts'
import { makeFolder, syncFolder } from '#store/embedded/sync-folder.ts'
import { WriteAheadLog } from '#store/embedded/write-ahead-log.ts'
import { countDamage } from '#store/engine/damage.ts'
import type { Engine, EngineSettings } from '#store/engine/engine.ts'
import { failure } from '#store/postgres/rows/failure.ts'
import { PgLookup } from './pg-lookup.ts'
import type { PgReader } from './pg-reader.ts'
import { readingFrom, startPartition } from './start-partition.ts'

export interface PostgresSettings extends EngineSettings {
  /** As `createPool` of `#database/postgres.ts` makes it; it stays its owner's to end. */
  readonly pool: Pool
  /** Holds the write-ahead log. */
  readonly folder: string
  /** Which partition of the telemetry in this database is this store's, 0 to 1023. */
  readonly partition: number
  /** Decoded rows of chunks kept for data that comes late. */
  readonly cacheRowsMax: number
}

export interface OpenedPostgres {
  readonly engine: Engine
  readonly reader: PgReader
  /** Things found damaged since the store was opened. */
  readonly damaged: () => number
  readonly close: () => Promise<void>
}

/** Throws `ConfigError` when folder or database cannot be used, `RetryLater` while PostgreSQL is away. */
export async function openPostgres(settings: PostgresSettings): Promise<OpenedPostgres> {
  const { folder, log, pool, cacheRowsMax } = settings
  const undo: (() => void | Promise<void>)[] = []
  try {
    await makeFolder(folder)
    undo.push(lockFolder(folder))
    const recordLog = new WriteAheadLog(folder, log)
    undo.push(() => recordLog.close())
    const { damage, count } = countDamage(log)
    const reading = readingFrom(pool, damage)
    const lookup = new PgLookup(reading.ask, damage, cacheRowsMax)
    const { connectionString: url } = pool.options
    const logName = await nameOfLog(folder)
    const { engine, close: stop } = await startPartition({ ...settings, settings, reading, lookup, recordLog, logName, damage, url })
    const close = async () => {
      await stop()
      for (const act of undo.toReversed()) await act()
    }
    return { engine, reader: reading.reader, damaged: () => count() + recordLog.damagedRecords, close }
  } catch (error) {
    for (const act of undo.toReversed()) await act()
    const cause = failure(error, 'PostgreSQL cannot be used')
    if (cause instanceof ConfigError || cause instanceof RetryLater) throw cause
    throw new ConfigError(`cannot keep telemetry in PostgreSQL with its log in ${folder}: ${messageOf(error)}; check the rights in both`)
  }
}

/** Tells the log in this folder from others that a partition has had: the numbers of its segments mean nothing to them. */
async function nameOfLog(folder: string): Promise<string> {
  const file = join(folder, 'name')
  const name = await readFile(file, 'utf8').catch(() => '')
  if (name.length > 0) return name
  const made = randomUUID()
  await writeFile(file, made, { flush: true })
  await syncFolder(folder)
  return made
}
