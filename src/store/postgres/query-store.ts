// The telemetry of all partitions for processes that own none: what is sealed they read from PostgreSQL, what is not they ask of the partition's owner.
// An answer is whole or there is none: while an owner cannot be asked, the question is.
import type { Pool } from 'pg'
import type { Batch } from '#core/batch.ts'
import { checkEdges } from '#core/bucket-edges.ts'
import { every, sleep, systemClock, type Clock } from '#core/clock.ts'
import type { Log } from '#core/driver.ts'
import { messageOf, RetryLater } from '#core/errors.ts'
import type { TagPath } from '#core/path.ts'
import type { BucketColumns, Store } from '#core/store.ts'
import type { Micros } from '#core/time.ts'
import { emptyBuckets } from '#store/rollup/bucket-filler.ts'
import { countDamage } from '#store/engine/damage.ts'
import { noSamples } from '#store/engine/engine-store.ts'
import { engineDefaults } from '#store/engine/engine.ts'
import * as history from '#store/engine/history.ts'
import { readBuckets } from '#store/engine/read-buckets.ts'
import { decodeSource } from '#store/engine/source-bytes.ts'
import { sourceOfCopy } from '#store/engine/source-copy.ts'
import { TimeSlice } from '#store/engine/time-slice.ts'
import { openSchema } from './schema.ts'
import { readingFrom } from './start-partition.ts'
import { TagBoard } from './tag-board.ts'

export interface QueryStoreOptions extends Pick<Store, 'append' | 'remove'> {
  readonly pool: Pool
  readonly clock?: Clock
  readonly log?: Log
  /**
   * Asks the owner of a tag's partition for `copy` of its memory (partition-store.ts); undefined when it knows no such tag. Throws `RetryLater`
   * when it cannot be asked now; it is asked again then for some seconds.
   */
  readonly ask: (path: TagPath, from: Micros, to: Micros) => Promise<Uint8Array | undefined>
  /** How long an owner that cannot be reached is waited for: another may be taking over. */
  readonly patienceMs?: number
  /** How often tags are looked at again. */
  readonly refreshMs?: number
}

export interface QueryStore extends Store {
  /** Takes over tags and newest samples of a batch that an owner has stored. */
  observe(batch: Batch): void
}

/** The id of no tag. */
const noTag = -1
/** The id of a tag that was never sealed is its owner's for the time being: the next owner may give it to another tag. */
const sealedOnly = (tag: history.Source): history.Source => (tag.sealedEnd === -Infinity ? { ...tag, id: noTag } : tag)

const retryMs = 250
/** Tags that are asked for at once. */
const groupTags = 4

export function createQueryStore(options: QueryStoreOptions): QueryStore {
  const { pool, clock = systemClock, log = engineDefaults.log, append, remove, patienceMs = 8_000, refreshMs = 5_000 } = options
  const { damage } = countDamage(log)
  const { reader: shelf } = readingFrom(pool, damage)
  const slice = new TimeSlice()
  const reading: history.Reading = { shelf, pause: () => slice.pause() }
  const board = new TagBoard(pool)
  let stop: (() => void) | undefined
  let isBehind = false

  async function refresh(): Promise<void> {
    try {
      await board.refresh()
      isBehind = false
    } catch (error) {
      if (!isBehind) log.warn(`new tags cannot be looked up in PostgreSQL (${messageOf(error)}); it is tried again`)
      isBehind = true
    }
  }

  /** The tag with what its owner has in memory. The owner first, the shelf afterwards: what it seals in between is in both. */
  async function source(path: TagPath, from: Micros, to: Micros): Promise<history.Source | undefined> {
    const deadline = clock.elapsedMs() + patienceMs
    for (;;) {
      try {
        const bytes = await options.ask(path, from, to)
        if (bytes) return sealedOnly(sourceOfCopy(decodeSource(bytes)))
        board.forget(path)
        return undefined
      } catch (error) {
        if (!(error instanceof RetryLater)) throw error
        if (clock.elapsedMs() >= deadline)
          throw new RetryLater(`the newest samples of ${path} cannot be had now (${error.message}); ask again in a moment`)
        await sleep(clock, retryMs)
      }
    }
  }

  async function bucketsOf(path: TagPath, edges: Float64Array): Promise<BucketColumns> {
    const tag = await source(path, edges[0] as number, edges.at(-1) as number)
    return tag?.kind === 'number' || tag?.kind === 'boolean' ? readBuckets(reading, tag, edges) : emptyBuckets(path)
  }

  async function restoreArray(path: TagPath): Promise<void> {
    const tag = board.tags.get(path)
    if (tag?.id === undefined || !tag.latest) return
    const frame = await shelf.newestArray(tag.id, tag.latest.time)
    if (frame) board.restoreArray(tag, frame.time, { shape: frame.shape, data: frame.data })
  }

  return {
    async open() {
      if (stop) return
      await openSchema(pool)
      await board.refresh()
      stop = every(clock, refreshMs, refresh)
    },
    async close() {
      stop?.()
      stop = undefined
    },
    append,
    async remove(path, range) {
      const gone = await remove(path, range)
      if (!range) board.forget(path)
      else await refresh()
      return gone
    },
    tag(path) {
      const tag = board.tags.get(path)
      return tag && { path, kind: tag.kind }
    },
    tags: () => board.tags.values().map(({ path, kind }) => ({ path, kind })),
    latest(path) {
      const sample = board.latest(path)
      // An array that memory does not hold is there for the next who asks.
      if (sample?.value === null && board.tags.get(path)?.kind === 'array') void restoreArray(path).catch(() => {})
      return sample
    },
    async read(path, from, to, limit) {
      const tag = await source(path, from, to)
      if (!tag) return noSamples()
      return tag.kind === 'array' ? history.readArrayRows(reading, tag, from, to, limit) : history.readRows(reading, tag, from, to, limit)
    },
    async readBack(path, before, limit) {
      const tag = await source(path, -Infinity, before)
      if (!tag) return noSamples()
      return tag.kind === 'array'
        ? history.readArrayRowsBack(reading, tag, before, limit)
        : history.readRowsBack(reading, tag, before, limit)
    },
    async buckets(paths, edges) {
      checkEdges(edges)
      const all: BucketColumns[] = []
      for (let at = 0; at < paths.length; at += groupTags)
        all.push(...(await Promise.all(paths.slice(at, at + groupTags).map((path) => bucketsOf(path, edges)))))
      return all
    },
    async arrays(path, from, to, limit) {
      const tag = await source(path, from, to)
      return tag?.kind === 'array' ? history.readSummaries(reading, tag, from, to, limit) : []
    },
    async arrayAt(path, time) {
      const tag = await source(path, -Infinity, time + 1)
      return tag?.kind === 'array' ? history.readArrayAt(reading, tag, time) : undefined
    },
    statistics: () => board.statistics,
    observe: (batch) => board.observe(batch),
  }
}
