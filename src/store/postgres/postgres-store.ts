// The store of one process that keeps its telemetry in PostgreSQL: rows in memory behind a write-ahead log in a folder of its own, sealed into the very
// same chunks as the embedded store's. Promises: docs/specs/store.md; the reasons: docs/adr/0011-chunks-in-postgresql.md.
import { systemClock } from '#core/clock.ts'
import { RetryLater } from '#core/errors.ts'
import { engineStore, type EngineStatistics, type EngineStore } from '#store/engine/engine-store.ts'
import { engineDefaults } from '#store/engine/engine.ts'
import { loadArrays } from './load-shelf.ts'
import { openPostgres, type OpenedPostgres, type PostgresSettings } from './open-postgres.ts'

/** All but pool and folder have defaults. */
export type PostgresStoreSettings = Pick<PostgresSettings, 'pool' | 'folder'> & Partial<PostgresSettings>

export interface PostgresStatistics extends EngineStatistics {
  /** Chunks, arrays and log records that could not be read since the store was opened. */
  readonly damaged: number
}

export interface PostgresStore extends EngineStore {
  statistics(): PostgresStatistics
}

export function createPostgresStore(given: PostgresStoreSettings): PostgresStore {
  const settings: PostgresSettings = { ...engineDefaults, clock: systemClock, partition: 0, cacheRowsMax: 2_000_000, ...given }
  let opened: OpenedPostgres | undefined
  const use = (): OpenedPostgres => {
    if (!opened) throw new RetryLater(`the store with its log in ${settings.folder} is not open`)
    return opened
  }
  const store = engineStore(() => use().engine, { isFar: true })
  const restoreArray = async (path: string) => {
    const { engine, reader } = use()
    const series = engine.telemetry.series.get(path)
    if (series) await loadArrays(reader, engine.telemetry, [series])
  }
  return {
    ...store,
    async open() {
      opened ??= await openPostgres(settings)
    },
    async close() {
      const closing = opened
      opened = undefined
      await closing?.close()
    },
    latest(path) {
      const sample = store.latest(path)
      // One that memory has let go of comes back for the next who asks.
      if (sample?.value === null && store.tag(path)?.kind === 'array') void restoreArray(path).catch(() => {})
      return sample
    },
    async remove(path, range) {
      const gone = await store.remove(path, range)
      await restoreArray(path)
      return gone
    },
    statistics: () => ({ ...store.statistics(), damaged: use().damaged() }),
  }
}
