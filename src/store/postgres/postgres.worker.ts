// The thread in which a store seals into PostgreSQL, rolls up and lets go, with connections of its own.
import { workerData } from 'node:worker_threads'
import { Pool } from 'pg'
import { answerAsks, tellDamage, type DeskActs } from '#store/engine/thread.ts'
import { TimeSlice } from '#store/engine/time-slice.ts'
import { createPgDesk } from './pg-desk.ts'
import type { Holding } from './take-partition.ts'

/** One for the transaction, one beside it. */
const connectionsMax = 2
const connectTimeoutMs = 5000

export interface DeskThreadData {
  readonly url: string
  readonly holding: Holding
  readonly log: string
}

const { url, holding, log } = workerData as DeskThreadData
const pool = new Pool({
  connectionString: url,
  max: connectionsMax,
  connectionTimeoutMillis: connectTimeoutMs,
  application_name: 'millwright',
})
// Whoever uses a connection that breaks hears it from the query.
pool.on('error', () => {})
pool.on('connect', (client) => void client.on('error', () => {}))

const slice = new TimeSlice()
const desk = createPgDesk({ pool, holding, log, damage: tellDamage, pause: () => slice.pause() })

answerAsks<DeskActs>({ ...desk, close: () => pool.end() })
