// Long questions go to the store's thread, with a copy of the rows that are in memory; short ones are answered quicker where they are asked.
import { hourUs, type Micros } from '#core/time.ts'
import type { LongQuestions } from '#store/engine/engine-store.ts'
import type { Series } from '#store/engine/series.ts'
import { copySource, type SourceCopy } from '#store/engine/source-copy.ts'
import type { OpenedFolder } from './open-folder.ts'

/** Rows, and chunks, that are still short. */
const shortRows = 4096
const shortChunks = 6
const sampleTags = 3
/** Buckets of an hour and more need no more than the index of most chunks. */
const shortIndexed = 1000

export function longQuestions({ engine, reader, worker }: Pick<OpenedFolder, 'engine' | 'reader' | 'worker'>): LongQuestions {
  return {
    rows(series, from, to, limit) {
      if (limit <= shortRows || reader.chunkCount(series.id, from, to, shortChunks + 1) <= shortChunks) return undefined
      return worker.call('rows', { source: copySource(series, from, to), from, to, limit })
    },
    rowsBack(series, before, limit) {
      if (limit <= shortRows) return undefined
      return worker.call('rowsBack', { source: copySource(series, -Infinity, before), before, limit })
    },
    buckets(all, edges) {
      const [from, to] = [edges[0] as number, edges.at(-1) as number]
      const short = narrowest(edges) >= hourUs ? shortIndexed : shortChunks
      // Tags that are asked for together are alike: a few tell enough.
      const sample = all.slice(0, sampleTags)
      const counted = sample.reduce((sum, { id }) => sum + reader.chunkCount(id, from, to, short + 1), 0)
      const chunks = (counted * all.length) / Math.max(1, sample.length)
      return chunks <= short ? undefined : ask(all, edges, from, to)
    },
  }

  async function ask(all: readonly Series[], edges: Float64Array, from: Micros, to: Micros) {
    const sources: SourceCopy[] = []
    for (const series of all) {
      sources.push(copySource(series, from, to))
      await engine.slice.pause()
    }
    return worker.call('buckets', { sources, edges })
  }
}

function narrowest(edges: Float64Array): number {
  let width = Infinity
  for (let edge = 1; edge < edges.length; edge++) width = Math.min(width, (edges[edge] as number) - (edges[edge - 1] as number))
  return width
}
