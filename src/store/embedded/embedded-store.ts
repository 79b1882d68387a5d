// The default store: rows in memory behind a write-ahead log, sealed by a thread into compressed chunks in SQLite. One folder, one process.
// Promises: docs/specs/store.md; the reasons: docs/adr/0002-chunk-store.md.
import { checkEdges } from '#core/bucket-edges.ts'
import { systemClock } from '#core/clock.ts'
import type { Log } from '#core/driver.ts'
import { RetryLater } from '#core/errors.ts'
import type { TagPath } from '#core/path.ts'
import type { SampleColumns, Store, StoreStatistics } from '#core/store.ts'
import type { Micros } from '#core/time.ts'
import { rowsBetween } from '#store/chunk/rows.ts'
import * as history from '#store/engine/history.ts'
import { readBuckets } from '#store/engine/read-buckets.ts'
import { forgetRecent, memoryArrays, memoryRows, type Series } from '#store/engine/series.ts'
import { emptyBuckets } from '#store/rollup/bucket-filler.ts'
import { openStore, type OpenedStore, type OpenSettings } from './opened-store.ts'
import type { SourceCopy } from './worker-acts.ts'

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
  /** What is to be said of the disk quota right now. */
  readonly quotaNotice: string | undefined
}

export interface EmbeddedStore extends Store {
  /** Seals what is in memory now, e.g. before a backup. Never rejects: a failure is in the statistics. */
  seal(): Promise<void>
  /** Rolls up and lets go what is due, instead of when its time comes. Never rejects. */
  retain(): Promise<void>
  /** Copies all that was acknowledged before into a new folder, while everything goes on. */
  backup(folder: string): Promise<void>
  statistics(): EmbeddedStatistics
}

const defaults = {
  clock: systemClock,
  log: { info: () => {}, warn: (message: string) => process.emitWarning(message) } satisfies Log,
  hotRowsMax: 4_000_000,
  hotBytesMax: 64 << 20,
  logBytesMax: 256 << 20,
  sealAfterMs: 600_000,
  sealRetryMs: 10_000,
  queueBytesMax: 256 << 20,
  cacheRowsMax: 1_000_000,
  retention: { rules: [], bytesMax: Infinity },
}

/** Rows, or chunks, that are read right here; longer questions go to the store's thread. */
const shortRows = 4096
const shortChunks = 6

export function createEmbeddedStore(given: EmbeddedStoreSettings): EmbeddedStore {
  const settings = { ...defaults, ...given }
  let opened: OpenedStore | undefined
  const use = (): OpenedStore => {
    if (!opened) throw new RetryLater(`the store in ${settings.folder} is not open`)
    return opened
  }
  const seriesOf = (path: TagPath) => opened?.telemetry.series.get(path)
  const reading = () => {
    const { shelf, slice } = use()
    return { shelf, pause: () => slice.pause() }
  }
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
      const [series, { shelf, worker }] = [seriesOf(path), use()]
      if (!series) return noSamples()
      if (series.kind === 'array') return history.readArrayRows(reading(), sourceOf(series), from, to, limit)
      return limit <= shortRows || isShort(shelf.chunkCount(series.id, from, to, shortChunks + 1))
        ? history.readRows(reading(), sourceOf(series), from, to, limit)
        : worker.call('rows', { source: copyOf(series, from, to), from, to, limit })
    },
    async readBack(path, before, limit) {
      const [series, { worker }] = [seriesOf(path), use()]
      if (!series) return noSamples()
      if (series.kind === 'array') return history.readArrayRowsBack(reading(), sourceOf(series), before, limit)
      return limit <= shortRows
        ? history.readRowsBack(reading(), sourceOf(series), before, limit)
        : worker.call('rowsBack', { source: copyOf(series, -Infinity, before), before, limit })
    },
    async buckets(paths, edges) {
      checkEdges(edges)
      const { shelf, worker } = use()
      const [from, to] = [edges[0] as number, edges.at(-1) as number]
      const all = paths.flatMap((path) => seriesOf(path) ?? []).filter(({ kind }) => kind === 'number' || kind === 'boolean')
      let chunks = all.length
      for (const series of all) if (isShort(chunks)) chunks += shelf.chunkCount(series.id, from, to, shortChunks)
      const columns = isShort(chunks)
        ? await inOrder(all, (series) => readBuckets(reading(), sourceOf(series), edges))
        : await worker.call('buckets', { sources: await inOrder(all, (series) => copied(series, from, to)), edges })
      const byPath = new Map(columns.map((column) => [column.tag, column]))
      return paths.map((path) => byPath.get(path) ?? emptyBuckets(path))
    },
    async arrays(path, from, to, limit) {
      const series = seriesOf(path)
      return series?.kind === 'array' ? history.readSummaries(reading(), sourceOf(series), from, to, limit) : []
    },
    async arrayAt(path, time) {
      const series = seriesOf(path)
      return series?.kind === 'array' ? history.readArrayAt(reading(), sourceOf(series), time) : undefined
    },
    async remove(path, range) {
      const [series, { sealer, telemetry, worker }] = [seriesOf(path), use()]
      if (!series) return 0
      const { id, kind, keptFrom } = series
      const gone = await sealer.changeAlone(async (totals) => {
        const { gone, left } = await worker.call('remove', { id, kind, keptFrom, range, totals })
        forgetRecent(series)
        if (left) telemetry.renewLatest(series, left)
        else telemetry.forget(series)
        return { gone, answer: gone }
      })
      void worker.call('shrink', undefined).catch(() => {})
      return gone
    },
    seal: () => use().sealer.seal(),
    retain: () => use().retention.look(),
    async backup(folder) {
      const { sealer, worker } = use()
      await sealer.seal()
      if (sealer.failure !== undefined)
        throw new RetryLater(`telemetry cannot be sealed now (${sealer.failure}); try again when that is mended`)
      await worker.call('backup', { file: `${folder}/chunks.db` })
    },
    statistics() {
      const { telemetry, log, queue, sealer, retention, bytesOnDisk, damaged } = use()
      return {
        tags: telemetry.series.size,
        samples: telemetry.samples,
        replaced: telemetry.replaced,
        expired: telemetry.expired,
        bytesOnDisk: bytesOnDisk(),
        hotRows: telemetry.hotRows,
        logBytes: log.bytes,
        damaged: damaged(),
        refused: queue.refused,
        sealFailure: sealer.failure,
        quotaNotice: retention.notice,
      }
    },
  }

  async function copied(series: Series, from: Micros, to: Micros): Promise<SourceCopy> {
    await use().slice.pause()
    return copyOf(series, from, to)
  }
}

const isShort = (chunks: number) => chunks <= shortChunks

async function inOrder<In, Out>(all: readonly In[], act: (one: In) => Promise<Out>): Promise<Out[]> {
  const results: Out[] = []
  for (const one of all) results.push(await act(one))
  return results
}

function sourceOf(series: Series): history.Source {
  const { id, path, kind, latestTime, sealedEnd, keptFrom } = series
  return {
    id,
    path,
    kind,
    latestTime,
    sealedEnd,
    keptFrom,
    memory: (from, to) => memoryRows(series, from, to),
    memoryArrays: (from, to) => memoryArrays(series, from, to),
  }
}

function copyOf(series: Series, from: Micros, to: Micros): SourceCopy {
  const { id, path, kind, latestTime, sealedEnd, keptFrom } = series
  const rows = rowsBetween(memoryRows(series, from, to), from, to)
  const { count, time, value, quality, texts } = rows
  return {
    id,
    path,
    kind,
    latestTime,
    sealedEnd,
    keptFrom,
    rows: { count, time: time.slice(0, count), value: value.slice(0, count), quality: quality.slice(0, count), texts },
  }
}

const noSamples = (): SampleColumns => ({
  time: new Float64Array(0),
  value: new Float64Array(0),
  quality: new Uint8Array(0),
  texts: [],
})
