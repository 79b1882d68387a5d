// Which schema a database has, and how it comes to the newest one.
import type { Kysely } from 'kysely'
import { Migrator, type Migration } from 'kysely/migration'
import { ConfigError } from '#core/errors.ts'

export type Migrations = Readonly<Record<string, Migration>>

const historyTable = 'kysely_migration'

/** The names of the migrations that a database has had, oldest first. */
export async function migrationsOf<T>(database: Kysely<T>): Promise<string[]> {
  const tables = await database.introspection.getTables({ withInternalKyselyTables: true })
  if (!tables.some(({ name }) => name === historyTable)) return []
  const history = database as unknown as Kysely<{ [historyTable]: { name: string } }>
  return (await history.selectFrom(historyTable).select('name').orderBy('name').execute()).map(({ name }) => name)
}

/** The migrations still to come, oldest first. Throws `ConfigError` when a newer program has been there; `place` is for its message. */
export function pendingMigrations(done: readonly string[], migrations: Migrations, place: string): string[] {
  const newer = done.find((name) => !(name in migrations))
  if (newer !== undefined)
    throw new ConfigError(
      `${place} was written by a newer Millwright (schema ${done.at(-1)}; this one knows no ${newer}): start that one, or bring back a copy from before`,
    )
  return Object.keys(migrations)
    .toSorted()
    .filter((name) => !done.includes(name))
}

/** Runs what is pending, one process at a time. Throws what stopped it. */
export async function migrate<T>(database: Kysely<T>, migrations: Migrations): Promise<void> {
  const provider = { getMigrations: async () => ({ ...migrations }) }
  const { error } = await new Migrator({ db: database, provider }).migrateToLatest()
  if (error !== undefined) throw error
}
