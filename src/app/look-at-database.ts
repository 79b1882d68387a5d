// Whether a PostgreSQL database answers and fits, without changing anything in it.
import { Kysely, PostgresDialect } from 'kysely'
import { ConfigError } from '#core/errors.ts'
import { migrations } from '#database/migrations.ts'
import { connectionFault, createPool, shownPlace } from '#database/postgres.ts'
import { migrationsOf, pendingMigrations } from '#database/schema.ts'
import { databasePlace } from './folders.ts'

export interface DatabaseLook {
  readonly level: 'ok' | 'fail'
  readonly text: string
  readonly mend?: string
}

/** Looks at the database of a URL and says what it is, or what is wrong with it. */
export async function lookAtDatabase(url: string): Promise<DatabaseLook> {
  try {
    const pool = createPool(databasePlace('', url))
    try {
      const { rows } = await pool.query<{ version: string }>("select current_setting('server_version') as version")
      const done = await migrationsOf(new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) }))
      pendingMigrations(done, migrations, shownPlace(url))
      const schema = done.length === 0 ? 'with no tables yet; the first start makes them' : `with schema ${done.at(-1)}`
      return { level: 'ok', text: `PostgreSQL ${rows[0]?.version} answers at ${shownPlace(url)}, ${schema}` }
    } finally {
      await pool.end()
    }
  } catch (error) {
    return { level: 'fail', ...(error instanceof ConfigError ? { text: error.message } : connectionFault(error, url)) }
  }
}
