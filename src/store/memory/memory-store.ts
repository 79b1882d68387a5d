// The reference model of a telemetry store: everything in maps, nothing durable, so simple that it is obviously right.
// The other stores are compared with it. Promises: docs/specs/store.md.
import { arrayStatistics, type ArrayValue } from '#core/array.ts'
import { valueAt, type Sample, type Value } from '#core/batch.ts'
import type { TagPath } from '#core/path.ts'
import { checkEdges } from '#core/bucket-edges.ts'
import { isBad } from '#core/quality.ts'
import type { AppendResult, BucketColumns, Delivery, SampleColumns, Store } from '#core/store.ts'
import type { Kind } from '#core/tag.ts'
import type { Micros } from '#core/time.ts'
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
  let replaced = 0

  function appendOne({ batch }: Delivery): AppendResult {
    const result = { stored: 0, duplicates: 0, replaced: 0, expired: 0 }
    for (let row = 0; row < batch.count; row++) {
      const tag = tags.get(batch.tags[batch.tag[row] as number] as TagPath) as Tag
      const sample = { time: batch.time[row] as number, value: owned(valueAt(batch, row)), quality: batch.quality[row] as number }
      const before = tag.samples.get(sample.time)
      if (before && before.quality === sample.quality && isSame(before.value, sample.value)) {
        result.duplicates++
        continue
      }
      if (before) {
        result.replaced++
        replaced++
      }
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
        fresh[index] ? appendOne(delivery) : { stored: 0, duplicates: delivery.batch.count, replaced: 0, expired: 0 },
      )
    },
    tag: (path) => storedTag(tags.get(path)),
    tags: () => tags.values().map(({ path, kind }) => ({ path, kind })),
    latest: (path) => tags.get(path)?.latest,
    read: async (path, from, to, limit) => columnsOf(between(path, from, to).slice(0, limit)),
    readBack: async (path, before, limit) => columnsOf(limit > 0 ? between(path, -Infinity, before).slice(-limit) : []),
    async buckets(paths, edges) {
      checkEdges(edges)
      return paths.map((path) => {
        const kind = tags.get(path)?.kind
        return bucketsOf(path, kind === 'number' || kind === 'boolean' ? samplesOf(path) : [], edges)
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
    async remove(path, range) {
      const tag = tags.get(path)
      if (!tag) return 0
      const gone = range ? between(path, range.from, range.to) : samplesOf(path)
      for (const { time } of gone) tag.samples.delete(time)
      tag.sorted = undefined
      tag.latest = samplesOf(path).at(-1)
      if (!range) tags.delete(path)
      return gone.length
    },
    statistics: () => ({
      tags: tags.size,
      samples: [...tags.values()].reduce((sum, tag) => sum + tag.samples.size, 0),
      bytesOnDisk: 0,
      replaced,
      expired: 0,
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

/** Bucket by bucket, each from the samples themselves. */
function bucketsOf(tag: TagPath, samples: readonly Sample[], edges: Float64Array): BucketColumns {
  const found: Record<Exclude<keyof BucketColumns, 'tag'>, number>[] = []
  for (let bucket = 0; bucket + 1 < edges.length; bucket++) {
    const [start, end] = [edges[bucket] as number, edges[bucket + 1] as number]
    const values = samples
      .filter((sample) => start <= sample.time && sample.time < end && isUsable(sample))
      .map(({ value }) => Number(value))
    if (values.length === 0) continue
    const count = values.length
    const sum = values.reduce((sum, x) => sum + x, 0)
    const mean = sum / count
    found.push({
      time: start,
      count,
      min: values.reduce((a, b) => (b < a ? b : a)),
      max: values.reduce((a, b) => (b > a ? b : a)),
      sum,
      mean,
      std: Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / count),
      timeMean: timeMean(samples, start, end) ?? mean,
      first: values[0] as number,
      last: values.at(-1) as number,
    })
  }
  const columnOf = (name: Exclude<keyof BucketColumns, 'tag'>) => Float64Array.from(found, (bucket) => bucket[name])
  return {
    tag,
    time: columnOf('time'),
    count: columnOf('count'),
    min: columnOf('min'),
    max: columnOf('max'),
    sum: columnOf('sum'),
    mean: columnOf('mean'),
    std: columnOf('std'),
    timeMean: columnOf('timeMean'),
    first: columnOf('first'),
    last: columnOf('last'),
  }
}

const isUsable = ({ value, quality }: Sample) => value !== null && !isBad(quality)

/** Each usable value holds until the next sample; undefined when none holds for any time within start … end. */
function timeMean(samples: readonly Sample[], start: Micros, end: Micros): number | undefined {
  let [integral, held] = [0, 0]
  for (let index = 0; index + 1 < samples.length; index++) {
    const [sample, next] = [samples[index] as Sample, samples[index + 1] as Sample]
    const duration = Math.min(next.time, end) - Math.max(sample.time, start)
    if (duration <= 0 || !isUsable(sample)) continue
    integral += Number(sample.value) * duration
    held += duration
  }
  return held > 0 ? integral / held : undefined
}
