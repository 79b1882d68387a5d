// The schema's history, oldest first. A migration that has been released is never changed.
import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

export const migrations: Record<string, Migration> = {
  '0001-plant': {
    async up(database: Kysely<unknown>) {
      await database.schema
        .createTable('machine')
        .addColumn('path', 'text', (column) => column.primaryKey())
        .addColumn('name', 'text')
        .addColumn('profile', 'text')
        .execute()
      await database.schema
        .createTable('profile')
        .addColumn('name', 'text', (column) => column.primaryKey())
        .addColumn('definition', 'text', (column) => column.notNull())
        .execute()
      await database.schema
        .createTable('gatewayToken')
        .addColumn('gateway', 'text', (column) => column.primaryKey())
        .addColumn('hash', 'text', (column) => column.notNull())
        .addColumn('createdAt', 'bigint', (column) => column.notNull())
        .execute()
    },
  },
}
