// The Store contract on top of an engine.
import { checkEdges } from '#core/bucket-edges.ts'
import type { TagPath } from '#core/path.ts'
import type { BucketColumns, SampleColumns, Store, StoreStatistics } from '#core/store.ts'
import type { Micros } from '#core/time.ts'
import { emptyBuckets } from '#store/rollup/bucket-filler.ts'
import type { Engine } from './engine.ts'
import * as history from './history.ts'
import { readBuckets } from './read-buckets.ts'
import { forgetRecent, memoryArrays, memoryRows, type Series } from './series.ts'
import { copySource, sourceOfCopy } from './source-copy.ts'

export interface EngineStatistics extends StoreStatistics {
  readonly hotRows: number
  readonly logBytes: number
  /** Appends refused because too much was waiting. */
  readonly refused: number
  /** Why sealing does not work right now. */
  readonly sealFailure: string | undefined
  /** What is to be said of the disk quota right now. */
  readonly quotaNotice: string | undefined
}

export interface EngineStore extends Store {
  /** Seals what is in memory now. Never rejects: a failure is in the statistics. */
  seal(): Promise<void>
  /** Rolls up and lets go what is due, instead of when its time comes. Never rejects. */
  retain(): Promise<void>
  statistics(): EngineStatistics
}

/** Answers long questions elsewhere; undefined: this one is short. */
export interface LongQuestions {
  rows(series: Series, from: Micros, to: Micros, limit: number): Promise<SampleColumns> | undefined
  rowsBack(series: Series, before: Micros, limit: number): Promise<SampleColumns> | undefined
  buckets(series: readonly Series[], edges: Float64Array): Promise<BucketColumns[]> | undefined
}

export interface EngineStoreOptions {
  readonly long?: () => LongQuestions
  /** Whether the shelf answers later: what is in memory is copied then before it is asked. */
  readonly isFar?: boolean
}

/** Tags of one question about which a shelf that answers later is asked at once. */
const farTags = 4

/** All of a store but opening and closing it; `use` throws while it is not open. */
export function engineStore(use: () => Engine, { long, isFar = false }: EngineStoreOptions = {}): Omit<EngineStore, 'open' | 'close'> {
  const sourceOf = (series: Series, from: Micros, to: Micros) => (isFar ? sourceOfCopy(copySource(series, from, to)) : liveSource(series))
  const seriesOf = (path: TagPath) => use().telemetry.series.get(path)
  const reading = (): history.Reading => {
    const { shelf, slice } = use()
    return { shelf, pause: () => slice.pause() }
  }
  async function bucketsOf(all: readonly Series[], edges: Float64Array): Promise<BucketColumns[]> {
    const [from, to] = [edges[0] as number, edges.at(-1) as number]
    const columns: BucketColumns[] = []
    const together = isFar ? farTags : 1
    for (let at = 0; at < all.length; at += together) {
      const group = all.slice(at, at + together)
      columns.push(...(await Promise.all(group.map((series) => readBuckets(reading(), sourceOf(series, from, to), edges)))))
    }
    return columns
  }
  return {
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
      const series = seriesOf(path)
      if (!series) return noSamples()
      if (series.kind === 'array') return history.readArrayRows(reading(), sourceOf(series, from, to), from, to, limit)
      return long?.().rows(series, from, to, limit) ?? history.readRows(reading(), sourceOf(series, from, to), from, to, limit)
    },
    async readBack(path, before, limit) {
      const series = seriesOf(path)
      if (!series) return noSamples()
      if (series.kind === 'array') return history.readArrayRowsBack(reading(), sourceOf(series, -Infinity, before), before, limit)
      return long?.().rowsBack(series, before, limit) ?? history.readRowsBack(reading(), sourceOf(series, -Infinity, before), before, limit)
    },
    async buckets(paths, edges) {
      checkEdges(edges)
      const all = paths.flatMap((path) => seriesOf(path) ?? []).filter(({ kind }) => kind === 'number' || kind === 'boolean')
      const columns = (await long?.().buckets(all, edges)) ?? (await bucketsOf(all, edges))
      const byPath = new Map(columns.map((column) => [column.tag, column]))
      return paths.map((path) => byPath.get(path) ?? emptyBuckets(path))
    },
    async arrays(path, from, to, limit) {
      const series = seriesOf(path)
      return series?.kind === 'array' ? history.readSummaries(reading(), sourceOf(series, from, to), from, to, limit) : []
    },
    async arrayAt(path, time) {
      const series = seriesOf(path)
      return series?.kind === 'array' ? history.readArrayAt(reading(), sourceOf(series, -Infinity, time + 1), time) : undefined
    },
    async remove(path, range) {
      const [series, { sealer, telemetry, desk }] = [seriesOf(path), use()]
      if (!series) return 0
      const { id, kind, keptFrom } = series
      const gone = await sealer.changeAlone(async (totals) => {
        const { gone, left } = await desk.remove({ id, kind, keptFrom, range, totals })
        forgetRecent(series)
        if (left) telemetry.renewLatest(series, left)
        else telemetry.forget(series)
        return { gone, answer: gone }
      })
      void sealer.change(async () => ({ gone: 0, answer: await desk.shrink() })).catch(() => {})
      return gone
    },
    seal: () => use().sealer.seal(),
    retain: () => use().retention.look(),
    statistics() {
      const { telemetry, recordLog, queue, sealer, retention, bytesOnDisk } = use()
      return {
        tags: telemetry.series.size,
        samples: telemetry.samples,
        replaced: telemetry.replaced,
        expired: telemetry.expired,
        bytesOnDisk: bytesOnDisk(),
        hotRows: telemetry.hotRows,
        logBytes: recordLog.bytes,
        refused: queue.refused,
        sealFailure: sealer.failure,
        quotaNotice: retention.notice,
      }
    },
  }
}

function liveSource(series: Series): history.Source {
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

export const noSamples = (): SampleColumns => ({
  time: new Float64Array(0),
  value: new Float64Array(0),
  quality: new Uint8Array(0),
  texts: [],
})
