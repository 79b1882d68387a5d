// The default store: rows in memory behind a write-ahead log, sealed into compressed chunks in SQLite. One folder, one process.
// Promises: docs/specs/store.md; the reasons: docs/adr/0002-chunk-store.md.
import { systemClock } from '#core/clock.ts'
import type { Log } from '#core/driver.ts'
import { checkEdges } from '#core/bucket-edges.ts'
import { NotSupported, RetryLater } from '#core/errors.ts'
import type { TagPath } from '#core/path.ts'
import type { BucketColumns, SampleColumns, Store, StoreStatistics } from '#core/store.ts'
import { emptyBuckets } from '#store/rollup/bucket-filler.ts'
import * as history from './history.ts'
import { openStore, type OpenedStore, type OpenSettings } from './opened-store.ts'

/** All but the folder have defaults. */
export type EmbeddedStoreSettings = Pick<OpenSettings, 'folder'> & Partial<OpenSettings>

export interface EmbeddedStatistics extends StoreStatistics {
  readonly hotRows: number
  readonly logBytes: number
  /** Chunks, arrays and log records that could not be read since the store was opened. */
  readonly damaged: number
  /** Appends refused because too much was waiting. */
  readonly refused: number
  /** Why sealing does not work right now. */
  readonly sealFailure: string | undefined
}

export interface EmbeddedStore extends Store {
  /** Seals what is in memory now, e.g. before a backup. Never rejects: a failure is in the statistics. */
  seal(): Promise<void>
  statistics(): EmbeddedStatistics
}

const defaults = {
  clock: systemClock,
  log: { info: () => {}, warn: (message: string) => process.emitWarning(message) } satisfies Log,
  hotRowsMax: 2_000_000,
  hotBytesMax: 64 << 20,
  logBytesMax: 256 << 20,
  sealAfterMs: 600_000,
  sealRetryMs: 10_000,
  queueBytesMax: 256 << 20,
  cacheRowsMax: 2_000_000,
}

export function createEmbeddedStore(given: EmbeddedStoreSettings): EmbeddedStore {
  const settings = { ...defaults, ...given }
  let opened: OpenedStore | undefined
  const use = (): OpenedStore => {
    if (!opened) throw new RetryLater(`the store in ${settings.folder} is not open`)
    return opened
  }
  const seriesOf = (path: TagPath) => opened?.telemetry.series.get(path)
  return {
    async open() {
      opened ??= await openStore(settings)
    },
    async close() {
      const closing = opened
      opened = undefined
      await closing?.close()
    },
    append: async (deliveries) => use().queue.append(deliveries),
    tag(path) {
      const series = seriesOf(path)
      return series && { path, kind: series.kind }
    },
    tags: () =>
      use()
        .telemetry.series.values()
        .map(({ path, kind }) => ({ path, kind })),
    latest(path) {
      const series = seriesOf(path)
      return series && use().telemetry.latest(series)
    },
    async read(path, from, to, limit) {
      const [series, shelves] = [seriesOf(path), use()]
      if (!series) return noSamples()
      return series.kind === 'array'
        ? history.readArrayRows(shelves, series, from, to, limit)
        : history.readRows(shelves, series, from, to, limit)
    },
    async readBack(path, before, limit) {
      const [series, shelves] = [seriesOf(path), use()]
      if (!series) return noSamples()
      return series.kind === 'array'
        ? history.readArrayRowsBack(shelves, series, before, limit)
        : history.readRowsBack(shelves, series, before, limit)
    },
    async buckets(paths, edges) {
      checkEdges(edges)
      const columns: BucketColumns[] = []
      for (const path of paths) {
        const series = seriesOf(path)
        const has = series?.kind === 'number' || series?.kind === 'boolean'
        columns.push(has ? await history.readBuckets(use(), series, edges) : emptyBuckets(path))
      }
      return columns
    },
    async arrays(path, from, to, limit) {
      const series = seriesOf(path)
      return series?.kind === 'array' ? history.readSummaries(use(), series, from, to, limit) : []
    },
    async arrayAt(path, time) {
      const series = seriesOf(path)
      return series?.kind === 'array' ? history.readArrayAt(use(), series, time) : undefined
    },
    remove: () => Promise.reject(new NotSupported('deleting is not there yet')),
    seal: () => use().sealer.seal(),
    statistics() {
      const { telemetry, chunks, arrays, log, queue, sealer, bytesOnDisk } = use()
      return {
        tags: telemetry.series.size,
        samples: telemetry.samples,
        bytesOnDisk: bytesOnDisk(),
        replaced: 0,
        expired: 0,
        hotRows: telemetry.hotRows,
        logBytes: log.bytes,
        damaged: chunks.damagedChunks + arrays.damagedArrays + log.damagedRecords,
        refused: queue.refused,
        sealFailure: sealer.failure,
      }
    },
  }
}

const noSamples = (): SampleColumns => ({
  time: new Float64Array(0),
  value: new Float64Array(0),
  quality: new Uint8Array(0),
  texts: [],
})
