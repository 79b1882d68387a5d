// An engine on a partition of the telemetry in PostgreSQL, whatever log stands before it.
import type { Pool } from 'pg'
import { RetryLater } from '#core/errors.ts'
import type { Damage } from '#store/engine/damage.ts'
import { createDesk, type Desk } from '#store/engine/desk.ts'
import { startEngine, type Engine, type EngineSettings } from '#store/engine/engine.ts'
import type { RecordLog } from '#store/engine/record-log.ts'
import type { SealedLookup } from '#store/engine/shelf.ts'
import { TimeSlice } from '#store/engine/time-slice.ts'
import { failure } from '#store/postgres/rows/failure.ts'
import { loadArrays, loadTelemetry } from './load-shelf.ts'
import { dropEmptyMonths } from './months.ts'
import { PgReader } from './pg-reader.ts'
import { PgWriter } from './pg-writer.ts'
import { openSchema } from './schema.ts'
import { query, type Ask } from './sql.ts'
import { partitionsMax, stateOf, takePartition } from './take-partition.ts'
import { WriteSession } from './write-session.ts'

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

/** Takes the partition, recovers and starts. */
export async function startPartition(parts: PartitionParts): Promise<Engine> {
  const { pool, partition, settings, reading, lookup, recordLog, logName, damage } = parts
  await openSchema(pool)
  const holding = await takePartition(pool, partition, parts.token)
  const writer = new PgWriter({ pool, session: new WriteSession(pool, holding, parts.superseded), log: logName, damage })
  const slice = new TimeSlice()
  return startEngine({
    settings,
    shelf: reading.reader,
    lookup,
    desk: withMonths(
      createDesk(writer, () => slice.pause()),
      pool,
    ),
    recordLog,
    slice,
    tagIds: { first: partition === 0 ? partitionsMax : partition, step: partitionsMax },
    async load(telemetry) {
      await loadTelemetry(pool, partition, telemetry)
      await loadArrays(reading.reader, telemetry, telemetry.series.values())
      const { totals, segment, log, bytes } = await stateOf(pool, holding)
      writer.bytes = bytes
      Object.assign(telemetry, totals)
      return { ...totals, segment: log === logName ? segment : 0 }
    },
    bytesOnDisk: () => recordLog.bytes + writer.bytes,
    sealMend: 'see that PostgreSQL runs and has space',
    sealFault: (reason) =>
      new RetryLater(`telemetry cannot be sealed in PostgreSQL (${reason}); nothing of this was stored: it goes on by itself`, 5000),
  })
}

/** What retention lets go of may have been the last of a month. */
const withMonths = (desk: Desk, pool: Pool): Desk => ({
  ...desk,
  async retain(given) {
    const gone = await desk.retain(given)
    if (gone.some((count) => count > 0)) await dropEmptyMonths(pool).catch(() => {})
    return gone
  },
})
