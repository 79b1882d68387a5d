// The rows mode: samples of chosen tags as rows for SQL in the PostgreSQL database, beside the store.
import type { Logger } from 'pino'
import type { Bus } from '#core/bus.ts'
import type { Clock } from '#core/clock.ts'
import { ConfigError } from '#core/errors.ts'
import type { Store } from '#core/store.ts'
import { createPool } from '#database/postgres.ts'
import { startRowFeed, type RowFeed } from '#store/postgres/rows/row-feed.ts'
import { createRowMirror } from '#store/postgres/rows/row-mirror.ts'

export interface RowsOptions {
  readonly patterns: readonly string[]
  readonly keepDays?: number | undefined
}

export interface RowsParts {
  readonly databaseUrl: string | undefined
  readonly store: Store
  readonly bus: Bus
  readonly clock: Clock
  readonly log: Logger
}

/** Starts mirroring; PostgreSQL may come later. Throws `ConfigError` when none is named, and for patterns and days that cannot be. */
export function startRows({ patterns, keepDays }: RowsOptions, { databaseUrl, store, bus, clock, log }: RowsParts): RowFeed {
  if (databaseUrl === undefined || databaseUrl === '')
    throw new ConfigError('rows for SQL need a PostgreSQL database; name it with DATABASE_URL, or leave out --rows')
  const pool = createPool(databaseUrl)
  const mirror = createRowMirror({ pool, patterns, clock, log, ...(keepDays !== undefined && { keepDays }) })
  const feed = startRowFeed({ mirror, store, bus, clock, log })
  return {
    ...feed,
    async stop() {
      await feed.stop()
      await pool.end()
    },
  }
}
