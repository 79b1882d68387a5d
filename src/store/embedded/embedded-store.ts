// The default store: rows in memory behind a write-ahead log, sealed by a thread into compressed chunks in SQLite. One folder, one process.
// Promises: docs/specs/store.md; the reasons: docs/adr/0002-chunk-store.md.
import { systemClock } from '#core/clock.ts'
import { RetryLater } from '#core/errors.ts'
import { engineStore, type EngineStatistics, type EngineStore } from '#store/engine/engine-store.ts'
import { engineDefaults } from '#store/engine/engine.ts'
import { longQuestions } from './long-questions.ts'
import { openFolder, type FolderSettings, type OpenedFolder } from './open-folder.ts'

/** All but the folder have defaults. */
export type EmbeddedStoreSettings = Pick<FolderSettings, 'folder'> & Partial<FolderSettings>

export interface EmbeddedStatistics extends EngineStatistics {
  /** Chunks, arrays and log records that could not be read since the store was opened. */
  readonly damaged: number
}

export interface EmbeddedStore extends EngineStore {
  /** Copies all that was acknowledged before into a folder, while everything goes on. Throws `RetryLater` when it is closed meanwhile. */
  backup(folder: string): Promise<void>
  statistics(): EmbeddedStatistics
}

export function createEmbeddedStore(given: EmbeddedStoreSettings): EmbeddedStore {
  const settings = { ...engineDefaults, clock: systemClock, cacheRowsMax: 1_000_000, ...given }
  let opened: OpenedFolder | undefined
  const use = (): OpenedFolder => {
    if (!opened) throw new RetryLater(`the store in ${settings.folder} is not open`)
    return opened
  }
  const store = engineStore(() => use().engine, { long: () => longQuestions(use()) })
  return {
    ...store,
    async open() {
      opened ??= await openFolder(settings)
    },
    async close() {
      const closing = opened
      opened = undefined
      await closing?.close()
    },
    async backup(folder) {
      const { engine, worker } = use()
      // The first may have begun before the newest rows came.
      await engine.sealer.seal()
      await engine.sealer.seal()
      const { failure } = engine.sealer
      if (failure !== undefined) throw new RetryLater(`telemetry cannot be sealed now (${failure}); try again when that is mended`)
      await worker.call('backup', { file: `${folder}/chunks.db` })
    },
    statistics: () => ({ ...store.statistics(), damaged: use().damaged() }),
  }
}
