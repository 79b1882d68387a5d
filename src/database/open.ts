// The relational database: what exists and who may. A SQLite file, or PostgreSQL; telemetry is not here but in the store.
import { Kysely, PostgresDialect, SqliteDialect, type PostgresPool } from 'kysely'
import { ConfigError, messageOf, RetryLater } from '#core/errors.ts'
import { migrations as ours } from './migrations.ts'
import { connectionFault, createPool, isPostgres, shownPlace } from './postgres.ts'
import { migrate, migrationsOf, pendingMigrations, type Migrations } from './schema.ts'
import { allOrNothing, copyTo, forKysely, openFile } from './sqlite.ts'
import type { Tables } from './tables.ts'

export type Database = Kysely<Tables>

/**
 * Opens (and creates or migrates) a database: a file, or the URL of a PostgreSQL database. Throws `ConfigError`, also when a newer Millwright
 * wrote it. A migration that fails leaves it as it was; a file is copied to `FILE.before-<schema>` first.
 */
export const openDatabase = (place: string, migrations: Migrations = ours): Promise<Database> =>
  isPostgres(place) ? openPostgres(place, migrations) : openSqlite(place, migrations)

async function openSqlite(file: string, migrations: Migrations): Promise<Database> {
  let database: Database | undefined
  try {
    const sqlite = openFile(file)
    database = new Kysely<Tables>({ dialect: new SqliteDialect({ database: forKysely(sqlite) }) })
    const done = await migrationsOf(database)
    const schema = pendingMigrations(done, migrations, file).at(-1)
    if (schema === undefined) return database
    const copy = done.length === 0 ? undefined : `${file}.before-${schema}`
    if (copy !== undefined) await copyTo(sqlite, file, copy)
    const opened = database
    await allOrNothing(sqlite, () => migrate(opened, migrations)).catch((error: unknown) => {
      throw notMigrated(file, schema, copy === undefined ? '' : `, and ${copy} is a copy of it`, error)
    })
    return database
  } catch (error) {
    await database?.destroy()
    throw error instanceof ConfigError
      ? error
      : new ConfigError(`cannot use the database ${file}: ${messageOf(error)}; check its rights and the space on the disk`)
  }
}

async function openPostgres(url: string, migrations: Migrations): Promise<Database> {
  const pool = createPool(url)
  const database = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: patient(pool) }) })
  try {
    const client = await pool.connect()
    client.release()
    const schema = pendingMigrations(await migrationsOf(database), migrations, shownPlace(url)).at(-1)
    if (schema === undefined) return database
    await migrate(database, migrations).catch((error: unknown) => {
      throw isAboutRights(error) ? error : notMigrated(shownPlace(url), schema, '', error)
    })
    return database
  } catch (error) {
    await pool.end()
    if (error instanceof ConfigError) throw error
    const { text, mend } = connectionFault(error, url)
    throw new ConfigError(`${text}; ${mend}`)
  }
}

const isAboutRights = (error: unknown) => (error as { code?: unknown }).code === '42501'

const notMigrated = (place: string, schema: string, copy: string, error: unknown) =>
  new ConfigError(
    `cannot bring the database ${place} to schema ${schema}: ${messageOf(error)}. Nothing of it was changed${copy}: start the Millwright from before, and report this`,
  )

/** A pool that, while the server is away, says to try again later. */
function patient(pool: PostgresPool): PostgresPool {
  const connect = () =>
    pool.connect().catch((error: unknown) => {
      // Where it is and why it does not answer is for the log, not for whoever asked.
      throw Object.assign(new RetryLater('the database does not answer; try again, and let "millwright doctor" say why'), { cause: error })
    })
  return { options: pool.options, connect, end: () => pool.end() }
}
