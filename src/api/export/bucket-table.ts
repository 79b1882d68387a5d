// Buckets as a table, tag by tag, however many intervals there are: the store is asked for some thousand at a time.
import { firstEdges, type Intervals } from '#core/calendar.ts'
import type { TagEntry } from '#core/directory.ts'
import type { BucketColumns, Store } from '#core/store.ts'
import { bucketEnds } from '#api/buckets/ends.ts'
import { sameText, type Block, type Column, type ColumnHead } from '#reports/table.ts'
import type { Range, Table } from './sample-table.ts'

const pageBuckets = 2048

const figures = ['min', 'max', 'sum', 'mean', 'std', 'timeMean', 'first', 'last'] as const

/** The columns tag, time, end, count and the figures; shift where the intervals are shifts, unit where a tag has one. */
export function bucketTable(store: Store, tags: readonly TagEntry[], range: Range, intervals: Intervals): Table {
  const withUnit = tags.some(({ definition }) => definition?.unit !== undefined)
  const heads: ColumnHead[] = [
    { name: 'tag', type: 'text' },
    { name: 'time', type: 'time' },
    { name: 'end', type: 'time' },
    ...(intervals.shiftAt ? [{ name: 'shift', type: 'text' } as const] : []),
    { name: 'count', type: 'count' },
    ...figures.map((name): ColumnHead => ({ name, type: 'number' })),
    ...(withUnit ? [{ name: 'unit', type: 'text' } as const] : []),
  ]
  async function* blocks(): AsyncGenerator<Block> {
    for (const tag of tags)
      for await (const { buckets, ends } of pagesOf(store, tag.path, range, intervals)) {
        const count = buckets.time.length
        const columns: Column[] = [
          sameText('tag', count, tag.path),
          { name: 'time', type: 'time', values: buckets.time },
          { name: 'end', type: 'time', values: ends },
        ]
        if (intervals.shiftAt) columns.push(shiftColumn(buckets.time, intervals.shiftAt))
        columns.push({ name: 'count', type: 'count', values: buckets.count })
        for (const name of figures) columns.push({ name, type: 'number', values: buckets[name] })
        if (withUnit) columns.push(sameText('unit', count, tag.definition?.unit))
        yield { count, columns }
      }
  }
  return { heads, blocks: blocks() }
}

async function* pagesOf(store: Store, path: string, { from, to }: Range, intervals: Intervals) {
  for (let cursor = from; cursor < to; ) {
    const [first] = (await store.read(path, cursor, to, 1)).time
    if (first === undefined) return
    // Goes on with the interval that holds the next sample, or one shortly before: what lies empty between may be long.
    const edges = firstEdges(intervals, Math.max(cursor, intervals.next(first - intervals.lengthMax - 1)), to, pageBuckets)
    const [buckets] = (await store.buckets([path], edges)) as [BucketColumns]
    if (buckets.time.length > 0) yield { buckets, ends: bucketEnds(edges, buckets.time) }
    cursor = edges.at(-1) as number
  }
}

function shiftColumn(times: Float64Array, shiftAt: (time: number) => string): Column {
  const names = Array.from(times, shiftAt)
  const texts = [...new Set(names)]
  return { name: 'shift', type: 'text', values: Float64Array.from(names, (name) => texts.indexOf(name)), texts }
}
