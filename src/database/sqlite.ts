// SQLite (node:sqlite): the file, as kysely wants it, and the copy of it before its schema changes.
import { chmod, open, rename, rm, stat } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import type { SqliteDatabase } from 'kysely'

export function openFile(file: string): DatabaseSync {
  const sqlite = new DatabaseSync(file)
  try {
    sqlite.exec('pragma busy_timeout = 5000; pragma journal_mode = wal; pragma synchronous = normal; pragma foreign_keys = on')
    return sqlite
  } catch (error) {
    sqlite.close()
    throw error
  }
}

export function forKysely(sqlite: DatabaseSync): SqliteDatabase {
  return {
    close: () => sqlite.close(),
    prepare(sql) {
      const statement = sqlite.prepare(sql)
      const bind = (parameters: readonly unknown[]) => parameters as (string | number | null)[]
      return {
        reader: statement.columns().length > 0,
        all: (parameters) => statement.all(...bind(parameters)),
        run: (parameters) => statement.run(...bind(parameters)),
        iterate: (parameters) => statement.iterate(...bind(parameters)),
      }
    },
  }
}

/** Writes a durable copy of an open database; an earlier one of that name is replaced. */
export async function copyTo(sqlite: DatabaseSync, file: string, copy: string): Promise<void> {
  const unfinished = `${copy}.unfinished-${process.pid}`
  await rm(unfinished, { force: true })
  try {
    sqlite.prepare('vacuum into ?').run(unfinished)
    await chmod(unfinished, (await stat(file)).mode)
    const handle = await open(unfinished, 'r+')
    await handle.sync()
    await handle.close()
    await rename(unfinished, copy)
  } finally {
    await rm(unfinished, { force: true })
  }
}

/** The same of a file that others may have open. */
export async function copyOf(file: string, copy: string): Promise<void> {
  const sqlite = openFile(file)
  try {
    await copyTo(sqlite, file, copy)
  } finally {
    sqlite.close()
  }
}

/** Runs `change` in one transaction that keeps others from writing: all of it happens, or nothing. */
export async function allOrNothing(sqlite: DatabaseSync, change: () => Promise<void>): Promise<void> {
  sqlite.exec('begin immediate')
  try {
    await change()
    sqlite.exec('commit')
  } catch (error) {
    if (sqlite.isTransaction) sqlite.exec('rollback')
    throw error
  }
}
