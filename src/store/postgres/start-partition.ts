// An engine on a partition of the telemetry in PostgreSQL, whatever log stands before it.
import type { Pool } from 'pg'
import { RetryLater } from '#core/errors.ts'
import type { Damage } from '#store/engine/damage.ts'
import type { Desk } from '#store/engine/desk.ts'
import { startEngine, type Engine, type EngineSettings } from '#store/engine/engine.ts'
import type { RecordLog } from '#store/engine/record-log.ts'
import type { SealedLookup } from '#store/engine/shelf.ts'
import { ThreadLink, type DeskActs } from '#store/engine/thread.ts'
import { TimeSlice } from '#store/engine/time-slice.ts'
import { failure } from '#store/postgres/rows/failure.ts'
import { loadArrays, loadTelemetry } from './load-shelf.ts'
import { createPgDesk } from './pg-desk.ts'
import { PgReader } from './pg-reader.ts'
import type { DeskThreadData } from './postgres.worker.ts'
import { openSchema } from './schema.ts'
import { query, type Ask } from './sql.ts'
import { partitionsMax, stateOf, TakenOver, takePartition } from './take-partition.ts'

export interface PartitionParts {
  readonly pool: Pool
  readonly partition: number
  /** The fencing token of a lease; without one the partition is taken from whoever has it. */
  readonly token?: number
  readonly settings: EngineSettings
  readonly reading: { readonly ask: Ask; readonly reader: PgReader }
  readonly lookup: SealedLookup
  readonly recordLog: RecordLog
  readonly logName: string
  readonly damage: Damage
  /** Where the database is, for a thread that seals; without it, this thread does. */
  readonly url?: string | undefined
  /** Hears that another process has taken the partition. */
  readonly superseded?: () => void
}

/** Questions to the shelf as readers ask them; `RetryLater` while PostgreSQL is away. */
export function readingFrom(pool: Pool, damage: Damage): { ask: Ask; reader: PgReader } {
  const ask: Ask = (statement, values) =>
    query(pool, statement, values).catch((error: unknown) => {
      throw failure(error, 'telemetry cannot be read from PostgreSQL')
    })
  return { ask, reader: new PgReader(ask, damage) }
}

export interface StartedPartition {
  readonly engine: Engine
  /** Seals what there is and stops; the log is closed by whoever opened it. */
  readonly close: () => Promise<void>
}

/** Takes the partition, recovers and starts. */
export async function startPartition(parts: PartitionParts): Promise<StartedPartition> {
  const { pool, partition, settings, reading, lookup, recordLog, logName, damage, url } = parts
  await openSchema(pool)
  const holding = await takePartition(pool, partition, parts.token)
  const slice = new TimeSlice()
  const data: DeskThreadData = { url: url ?? '', holding, log: logName }
  const thread = url === undefined ? undefined : new ThreadLink<DeskActs>(new URL('./postgres.worker.ts', import.meta.url), data, damage)
  const desk = thread?.desk() ?? createPgDesk({ pool, holding, log: logName, damage, pause: () => slice.pause() })
  let bytes = 0
  const readBytes = async () => void ({ bytes } = await stateOf(pool, holding))
  try {
    const engine = await startEngine({
      settings,
      shelf: reading.reader,
      lookup,
      desk: watched(desk, readBytes, parts.superseded),
      recordLog,
      slice,
      tagIds: { first: partition === 0 ? partitionsMax : partition, step: partitionsMax },
      async load(telemetry) {
        await loadTelemetry(pool, partition, telemetry)
        await loadArrays(reading.reader, telemetry, telemetry.series.values())
        const state = await stateOf(pool, holding)
        bytes = state.bytes
        Object.assign(telemetry, state.totals)
        return { ...state.totals, segment: state.log === logName ? state.segment : 0 }
      },
      bytesOnDisk: () => recordLog.bytes + bytes,
      sealMend: 'see that PostgreSQL runs and has space',
      sealFault: (reason) =>
        new RetryLater(`telemetry cannot be sealed in PostgreSQL (${reason}); nothing of this was stored: it goes on by itself`, 5000),
    })
    return {
      engine,
      async close() {
        await engine.close()
        await thread?.close()
      },
    }
  } catch (error) {
    await thread?.close()
    throw error
  }
}

/** Looks at the partition after what has changed it, and when sealing fails: another process may have taken it. */
function watched(desk: Desk, look: () => Promise<void>, superseded: (() => void) | undefined): Desk {
  const afterwards = async <T>(result: T): Promise<T> => {
    await look().catch(() => {})
    return result
  }
  return {
    ...desk,
    async begin() {
      try {
        return await desk.begin()
      } catch (error) {
        await look().catch((cause: unknown) => {
          if (cause instanceof TakenOver) superseded?.()
        })
        throw error
      }
    },
    commit: async (given) => afterwards(await desk.commit(given)),
    remove: async (given) => afterwards(await desk.remove(given)),
    retain: async (given) => afterwards(await desk.retain(given)),
  }
}
