// Reads everything in a store's folder and tells what is not as it should be. Changes nothing, and holds one chunk or day at a time.
import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { setImmediate } from 'node:timers/promises'
import { ConfigError, messageOf } from '#core/errors.ts'
import { lockFolder } from '#store/embedded/folder-lock.ts'
import { databaseFile, schemaVersion } from '#store/embedded/schema.ts'
import { SqliteReader } from '#store/embedded/sqlite-reader.ts'
import { checkIndex } from './check-index.ts'
import { checkLog } from './check-log.ts'
import { checkTag } from './check-tag.ts'
import { fromBackup, type CheckedTag, type Checking, type Finding } from './checking.ts'

/** Findings of SQLite's own check. */
const sqliteFindingsMax = 20
/** Tags that are fetched at once. */
const tagsPerStep = 1000

export interface CheckListener {
  readonly found: (finding: Finding) => void
  /** Chunks and arrays that have been read, and how many there are. */
  readonly progress: (read: number, of: number) => void
}

export interface CheckedStore {
  readonly tags: number
  readonly samples: number
  /** Rows in the log, which the next start seals. */
  readonly waiting: number
}

/** Throws `ConfigError` when the folder is in use, or holds no store of the present format. */
export async function checkStore(folder: string, listener: CheckListener): Promise<CheckedStore> {
  const unlock = lockToRead(folder)
  try {
    const connection = openToRead(folder)
    try {
      return await checkAll(folder, connection, listener)
    } finally {
      connection.close()
    }
  } finally {
    unlock()
  }
}

/** No server can run on a folder that cannot be written. */
function lockToRead(folder: string): () => void {
  try {
    return lockFolder(folder)
  } catch (error) {
    if (error instanceof ConfigError) throw error
    return () => {}
  }
}

function openToRead(folder: string): DatabaseSync {
  const file = databaseFile(folder)
  if (!existsSync(file)) throw new ConfigError(`there is no store in ${folder}; check --data`)
  const connection = new DatabaseSync(file, { readOnly: true })
  try {
    const version = Number(connection.prepare('pragma user_version').get()?.['user_version'])
    if (version > schemaVersion)
      throw new ConfigError(`${file} was written by a newer Millwright (format ${version}): check it with that one`)
    if (version !== schemaVersion)
      throw new ConfigError(
        `${file} has format ${version}: start Millwright on it once, which brings it to ${schemaVersion}, then check it`,
      )
    return connection
  } catch (error) {
    connection.close()
    if (error instanceof ConfigError) throw error
    throw new ConfigError(`cannot read ${file}: ${messageOf(error)}; bring the file back from a backup`)
  }
}

async function checkAll(folder: string, connection: DatabaseSync, { found, progress }: CheckListener): Promise<CheckedStore> {
  let read = 0
  let of = 0
  const checking: Checking = {
    connection,
    reader: new SqliteReader(connection, () => {}),
    found,
    async step() {
      progress(++read, Math.max(read, of))
      await setImmediate()
    },
  }
  const numberOf = (sql: string) => Number(Object.values(connection.prepare(sql).get() ?? {})[0] ?? 0)
  let result: CheckedStore = { tags: 0, samples: 0, waiting: 0 }
  await guarded(found, 'the database', () => checkFile(connection, found))
  await guarded(found, 'what holds the store together', () => {
    of = numberOf('select (select count(*) from chunk) + (select count(*) from array_sample) + (select count(*) from minute_block)')
    checkIndex(checking)
    result = { ...result, tags: numberOf('select count(*) from tag'), samples: numberOf(`select value from meta where name = 'samples'`) }
  })
  const tags = connection.prepare('select * from tag where id > ? order by id limit ?')
  await guarded(found, 'the list of tags', async () => {
    for (let after = -Infinity; ; ) {
      const some = tags.all(after, tagsPerStep) as unknown as CheckedTag[]
      for (const tag of some) await guarded(found, `what is kept of ${tag.path}`, () => checkTag(checking, tag))
      const last = some.at(-1)
      if (!last) break
      after = last.id
    }
  })
  await guarded(found, 'the log', async () => {
    const waiting = await checkLog(checking, folder, numberOf(`select value from meta where name = 'segment'`))
    result = { ...result, waiting }
  })
  return result
}

/** What SQLite finds wrong with its pages. */
function checkFile(connection: DatabaseSync, found: CheckListener['found']): void {
  for (const row of connection.prepare(`pragma integrity_check(${sqliteFindingsMax})`).iterate()) {
    const text = String(row['integrity_check'])
    if (text !== 'ok') found({ text: `the database is damaged: ${text.replaceAll('\n', '; ')}`, mend: 'bring the file back from a backup' })
  }
}

/** What cannot be read at all is a finding as well, and the rest is looked at. */
async function guarded(found: CheckListener['found'], what: string, act: () => void | Promise<void>): Promise<void> {
  try {
    await act()
  } catch (error) {
    found({ text: `${what} cannot be read (${messageOf(error)})`, mend: fromBackup })
  }
}
