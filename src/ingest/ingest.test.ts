import { crc32 } from 'node:zlib'
import { beforeEach, expect, test } from 'vitest'
import { batchOf, type Batch } from '#core/batch.ts'
import { ManualClock } from '#core/clock.ts'
import type { Directory } from '#core/directory.ts'
import { Rejected } from '#core/errors.ts'
import { encodeFrame } from '#core/frame.ts'
import type { Store } from '#core/store.ts'
import type { Kind } from '#core/tag.ts'
import { secondUs } from '#core/time.ts'
import { createMemoryBus } from '#bus/memory.ts'
import { createMemoryStore } from '#store/memory/memory-store.ts'
import { createIngest, type Ingest } from './ingest.ts'

const clock = new ManualClock()
const now = clock.now()
let store: Store
let ingest: Ingest
let known: Map<string, Kind>
let published: Batch[]
let reported: string[]

beforeEach(() => {
  store = createMemoryStore()
  known = new Map()
  published = []
  reported = []
  const directory: Directory = {
    machines: () => [],
    machine: () => undefined,
    tags: () => [],
    tag: (path) => (known.has(path) ? { path, kind: known.get(path) as Kind, definition: undefined } : undefined),
    observe: (path, kind) => void known.set(path, kind),
    forget: (path) => void known.delete(path),
    merge: async () => {},
  }
  const bus = createMemoryBus((error) => {
    throw error
  })
  bus.subscribe('stored', (batch) => void published.push(batch))
  ingest = createIngest({ store, directory, bus, clock, refused: (message) => void reported.push(message) })
})

const frameOf = (sequence: number, ...samples: Parameters<typeof batchOf>[0] extends Iterable<infer Sample> ? Sample[] : never) => ({
  sequence,
  frame: encodeFrame(batchOf(samples), crc32),
})

test('a tag whose every sample is refused is not made known', async () => {
  const { refusals } = await ingest.accept([{ batch: batchOf([{ tag: 'new/x', time: now + 7200 * secondUs, value: 1 }]) }], 'json')
  expect(refusals[0]?.reason).toMatch(/more than an hour ahead/)
  expect(known.size).toBe(0)
})

test('within one frame a tag has one kind: what comes as another is refused, the rest is stored', async () => {
  const batch = batchOf([
    { tag: 'm/t', time: now, value: 1 },
    { tag: 'm/u', time: now, value: 'on' },
  ])
  expect(await ingest.accept([{ batch: { ...batch, tags: ['m/t', 'm/t'] } }], 'json')).toMatchObject({
    stored: 1,
    refused: 1,
    refusals: [{ row: 1, reason: expect.stringContaining('of kind number') }],
  })
  expect(store.latest('m/t')?.value).toBe(1)
})

test('a frame that the store refuses is counted as rejected and said, and the frames beside it are stored and published', async () => {
  known.set('m/was', 'number')
  await store.append([{ batch: batchOf([{ tag: 'm/was', time: now, value: 'text' }]) }])
  const results = await ingest.deliver('box', [
    frameOf(1, { tag: 'm/a', time: now, value: 1 }),
    frameOf(2, { tag: 'm/was', time: now + 1, value: 1 }, { tag: 'm/was', time: now + 2, value: 2 }),
    frameOf(3, { tag: 'm/a', time: now + 1, value: 2 }),
  ])
  expect(results).toEqual([
    { stored: 1, duplicate: 0, rejected: 0 },
    { stored: 0, duplicate: 0, rejected: 2 },
    { stored: 1, duplicate: 0, rejected: 0 },
  ])
  expect(published).toHaveLength(2)
  expect(reported).toEqual([expect.stringMatching(/^frame 2 refused: the tag m\/was holds text values/)])
})

test('what the store cannot take now is thrown, so that the same frames come again', async () => {
  store.append = () => Promise.reject(new Error('broken'))
  await expect(ingest.deliver('box', [frameOf(1, { tag: 'm/a', time: now, value: 1 })])).rejects.toThrow('broken')
  store.append = (deliveries) => Promise.reject(deliveries.length > 1 ? new Rejected('one is bad') : new Error('full'))
  const frames = [frameOf(1, { tag: 'm/a', time: now, value: 1 }), frameOf(2, { tag: 'm/a', time: now, value: 1 })]
  await expect(ingest.deliver('box', frames)).rejects.toThrow('full')
})

test('a damaged frame is rejected whole and the others are stored', async () => {
  const good = frameOf(2, { tag: 'm/a', time: now, value: 1 })
  const damaged = good.frame.slice()
  damaged[40] = 1 + (damaged[40] as number)
  expect(await ingest.deliver('box', [{ sequence: 1, frame: damaged }, good])).toMatchObject([{ stored: 0 }, { stored: 1 }])
  expect(reported[0]).toMatch(/frame 1 refused: the frame is damaged/)
})
