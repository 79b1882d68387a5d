// Long questions go to the store's thread, with a copy of the rows that are in memory; short ones are answered quicker where they are asked.
import type { Micros } from '#core/time.ts'
import { rowsBetween } from '#store/chunk/rows.ts'
import type { LongQuestions } from '#store/engine/engine-store.ts'
import { memoryRows, type Series } from '#store/engine/series.ts'
import type { OpenedFolder } from './open-folder.ts'
import type { SourceCopy } from './worker-acts.ts'

/** Rows, and chunks, that are still short. */
const shortRows = 4096
const shortChunks = 6

export function longQuestions({ engine, reader, worker }: Pick<OpenedFolder, 'engine' | 'reader' | 'worker'>): LongQuestions {
  return {
    rows(series, from, to, limit) {
      if (limit <= shortRows || reader.chunkCount(series.id, from, to, shortChunks + 1) <= shortChunks) return undefined
      return worker.call('rows', { source: copyOf(series, from, to), from, to, limit })
    },
    rowsBack(series, before, limit) {
      if (limit <= shortRows) return undefined
      return worker.call('rowsBack', { source: copyOf(series, -Infinity, before), before, limit })
    },
    buckets(all, edges) {
      const [from, to] = [edges[0] as number, edges.at(-1) as number]
      let chunks = all.length
      for (const series of all) if (chunks <= shortChunks) chunks += reader.chunkCount(series.id, from, to, shortChunks)
      return chunks <= shortChunks ? undefined : ask(all, edges, from, to)
    },
  }

  async function ask(all: readonly Series[], edges: Float64Array, from: Micros, to: Micros) {
    const sources: SourceCopy[] = []
    for (const series of all) {
      sources.push(copyOf(series, from, to))
      await engine.slice.pause()
    }
    return worker.call('buckets', { sources, edges })
  }
}

function copyOf(series: Series, from: Micros, to: Micros): SourceCopy {
  const { id, path, kind, latestTime, sealedEnd, keptFrom } = series
  const { count, time, value, quality, texts } = rowsBetween(memoryRows(series, from, to), from, to)
  const rows = { count, time: time.slice(0, count), value: value.slice(0, count), quality: quality.slice(0, count), texts }
  return { id, path, kind, latestTime, sealedEnd, keptFrom, rows }
}
