// The reference model of a telemetry store: everything in maps, nothing durable, so simple that it is obviously right.
// The other stores are compared with it. Promises: docs/specs/store.md.
import { arrayStatistics, type ArrayValue } from '#core/array.ts'
import { valueAt, type Sample, type Value } from '#core/batch.ts'
import type { TagPath } from '#core/path.ts'
import { isBad } from '#core/quality.ts'
import type { AppendResult, Delivery, SampleColumns, Store } from '#core/store.ts'
import type { Kind } from '#core/tag.ts'
import type { Micros } from '#core/time.ts'
import { bucketEdges, emptyBuckets } from '#store/buckets.ts'
import { checkDeliveries } from '#store/delivery-check.ts'

interface Tag {
  readonly path: TagPath
  readonly kind: Kind
  readonly samples: Map<Micros, Sample>
  /** Ascending in time; made when it is asked for, dropped when a sample is added. */
  sorted: Sample[] | undefined
  latest: Sample | undefined
}

export function createMemoryStore(): Store {
  const tags = new Map<TagPath, Tag>()
  const newest = new Map<string, number>()

  function appendOne({ batch }: Delivery): AppendResult {
    const result = { stored: 0, duplicates: 0, replaced: 0 }
    for (let row = 0; row < batch.count; row++) {
      const tag = tags.get(batch.tags[batch.tag[row] as number] as TagPath) as Tag
      const sample = { time: batch.time[row] as number, value: owned(valueAt(batch, row)), quality: batch.quality[row] as number }
      const before = tag.samples.get(sample.time)
      if (before && before.quality === sample.quality && isSame(before.value, sample.value)) {
        result.duplicates++
        continue
      }
      if (before) result.replaced++
      result.stored++
      tag.samples.set(sample.time, sample)
      tag.sorted = undefined
      if (!tag.latest || sample.time >= tag.latest.time) tag.latest = sample
    }
    return result
  }

  function samplesOf(path: TagPath): Sample[] {
    const tag = tags.get(path)
    if (!tag) return []
    return (tag.sorted ??= [...tag.samples.values()].toSorted((a, b) => a.time - b.time))
  }

  const between = (path: TagPath, from: Micros, to: Micros) => samplesOf(path).filter(({ time }) => from <= time && time < to)
  const frames = (path: TagPath) =>
    samplesOf(path).flatMap(({ time, value, quality }) => (isArray(value) ? [{ time, quality, ...value }] : []))

  return {
    async open() {},
    async close() {},
    async append(deliveries) {
      const { fresh, news } = checkDeliveries(deliveries, {
        tagCount: tags.size,
        sourceCount: newest.size,
        newest: (source) => newest.get(source) ?? 0,
        kind: (path) => tags.get(path)?.kind,
      })
      for (const [path, kind] of news.kinds) tags.set(path, { path, kind, samples: new Map(), sorted: undefined, latest: undefined })
      for (const [source, sequence] of news.origins) newest.set(source, sequence)
      return deliveries.map((delivery, index) =>
        fresh[index] ? appendOne(delivery) : { stored: 0, duplicates: delivery.batch.count, replaced: 0 },
      )
    },
    tag: (path) => storedTag(tags.get(path)),
    tags: () => tags.values().map(({ path, kind }) => ({ path, kind })),
    latest: (path) => tags.get(path)?.latest,
    read: async (path, from, to, limit) => columnsOf(between(path, from, to).slice(0, limit)),
    readBack: async (path, before, limit) => columnsOf(limit > 0 ? between(path, -Infinity, before).slice(-limit) : []),
    async buckets(paths, from, to, buckets) {
      const edges = bucketEdges(from, to, buckets)
      return paths.map((path) => {
        const kind = tags.get(path)?.kind
        if (kind !== 'number' && kind !== 'boolean') return emptyBuckets(path)
        const usable = between(path, from, to).filter(({ value, quality }) => value !== null && !isBad(quality))
        return bucketsOf(path, usable, edges)
      })
    },
    async arrays(path, from, to, limit) {
      return frames(path)
        .filter(({ time }) => from <= time && time < to)
        .slice(0, limit)
        .map(({ time, quality, ...array }) => {
          const { min, max, mean, std } = arrayStatistics(array)
          return { time, quality, min, max, mean, std }
        })
    },
    arrayAt: async (path, at) => frames(path).findLast(({ time }) => time <= at),
    statistics: () => ({
      tags: tags.size,
      samples: [...tags.values()].reduce((sum, tag) => sum + tag.samples.size, 0),
      bytesOnDisk: 0,
    }),
  }
}

const storedTag = (tag: Tag | undefined) => tag && { path: tag.path, kind: tag.kind }

const isArray = (value: Value): value is ArrayValue => typeof value === 'object' && value !== null

/** A value that nobody else can change, with text as UTF-8 would carry it. */
function owned(value: Value): Value {
  if (typeof value === 'string') return value.toWellFormed()
  return isArray(value) ? { shape: [...value.shape], data: value.data.slice() } : value
}

function isSame(a: Value, b: Value): boolean {
  if (!isArray(a) || !isArray(b)) return Object.is(a, b)
  return a.shape.join() === b.shape.join() && a.data.every((element, index) => Object.is(element, b.data[index]))
}

function columnsOf(samples: readonly Sample[]): SampleColumns {
  const texts: string[] = []
  const value = samples.map(({ value }) => {
    if (typeof value === 'string') return texts.push(value) - 1
    return value === null || isArray(value) ? Number.NaN : Number(value)
  })
  return {
    time: Float64Array.from(samples, ({ time }) => time),
    value: Float64Array.from(value),
    quality: Uint8Array.from(samples, ({ quality }) => quality),
    texts,
  }
}

function bucketsOf(tag: TagPath, samples: readonly Sample[], edges: Float64Array) {
  const found = []
  for (let bucket = 0; bucket + 1 < edges.length; bucket++) {
    const [start, end] = [edges[bucket] as number, edges[bucket + 1] as number]
    const values = samples.filter(({ time }) => start <= time && time < end).map(({ value }) => Number(value))
    if (values.length === 0) continue
    const count = values.length
    const mean = values.reduce((sum, x) => sum + x, 0) / count
    const min = values.reduce((a, b) => (b < a ? b : a))
    const max = values.reduce((a, b) => (b > a ? b : a))
    found.push({ time: start, count, min, max, mean, last: values.at(-1) as number })
  }
  return {
    tag,
    time: found.map(({ time }) => time),
    count: found.map(({ count }) => count),
    min: found.map(({ min }) => min),
    max: found.map(({ max }) => max),
    mean: found.map(({ mean }) => mean),
    last: found.map(({ last }) => last),
  }
}
