// Where things lie: in the data folder, and what exists and who may in a PostgreSQL database where one is given.
import { join } from 'node:path'
import { ConfigError } from '#core/errors.ts'
import { isPostgres } from '#database/postgres.ts'

/** The place of the relational database: that of the URL, or a file in the folder. */
export function databasePlace(folder: string, url: string | undefined): string {
  if (url === undefined || url === '') return join(folder, 'millwright.db')
  if (isPostgres(url)) return url
  throw new ConfigError('DATABASE_URL names no PostgreSQL database; write postgres://user:password@host:5432/database, or leave it out')
}
