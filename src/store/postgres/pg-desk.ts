// The desk at which a partition of the telemetry in PostgreSQL is changed, in this thread or in one of its own.
import type { Pool } from 'pg'
import type { Damage } from '#store/engine/damage.ts'
import { createDesk, type Desk } from '#store/engine/desk.ts'
import { dropEmptyMonths } from './months.ts'
import { PgWriter } from './pg-writer.ts'
import type { Holding } from './take-partition.ts'
import { WriteSession } from './write-session.ts'

export interface PgDeskParts {
  readonly pool: Pool
  readonly holding: Holding
  /** The log whose segments are sealed. */
  readonly log: string
  readonly damage: Damage
  readonly pause: () => Promise<void>
}

export function createPgDesk({ pool, holding, log, damage, pause }: PgDeskParts): Desk {
  const desk = createDesk(new PgWriter({ pool, session: new WriteSession(pool, holding), log, damage }), pause)
  return {
    ...desk,
    async retain(given) {
      const gone = await desk.retain(given)
      // What went may have been the last of a month.
      if (gone.some((count) => count > 0)) await dropEmptyMonths(pool).catch(() => {})
      return gone
    },
  }
}
