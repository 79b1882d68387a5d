import { crc32 } from 'node:zlib'
import { expect, test } from 'vitest'
import { valueAt, type Batch } from '#core/batch.ts'
import { ManualClock } from '#core/clock.ts'
import { encodeFrame, frameBytesMax } from '#core/frame.ts'
import { qualityName, qualities } from '#core/quality.ts'
import { tagDefinitionSchema } from '#core/tag.ts'
import { secondUs } from '#core/time.ts'
import type { z } from 'zod'
import { Pipeline } from './pipeline.ts'

const clock = new ManualClock()
const now = clock.now()

function pipelineOf(...definitions: z.input<typeof tagDefinitionSchema>[]): Pipeline {
  const points = definitions.map((definition, index) => ({
    tag: `m/t${index}`,
    definition: tagDefinitionSchema.parse(definition),
    address: {},
  }))
  return new Pipeline(points, { clock, flush: async () => {}, makeRoom: () => {} })
}

function rows(batch: Batch | undefined): unknown[] {
  if (!batch) return []
  return Array.from({ length: batch.count }, (_, row) => [
    batch.tags[batch.tag[row] as number],
    valueAt(batch, row),
    qualityName(batch.quality[row] as number),
  ])
}

test('a value passes unchanged, with its own time and quality', () => {
  const pipeline = pipelineOf({})
  pipeline.sample(0, now - 5, 21.5, qualities.uncertain.code)
  const batch = pipeline.peek()
  expect(rows(batch)).toEqual([['m/t0', 21.5, 'uncertain']])
  expect(batch?.time[0]).toBe(now - 5)
})

test('a value outside its range is kept and marked', () => {
  const pipeline = pipelineOf({ range: [0, 100] })
  pipeline.sample(0, now, 101, 0)
  expect(rows(pipeline.peek())).toEqual([['m/t0', 101, 'uncertainRangeExceeded']])
})

test('changes smaller than the deadband are not recorded, until ten seconds have passed', () => {
  const pipeline = pipelineOf({ deadband: 1 })
  pipeline.sample(0, now - 20 * secondUs, 10, 0)
  pipeline.sample(0, now - 19 * secondUs, 10.5, 0)
  pipeline.sample(0, now - 18 * secondUs, 11, 0)
  pipeline.sample(0, now - 17 * secondUs, 11.5, qualities.uncertain.code)
  pipeline.sample(0, now - 16 * secondUs, 11.6, qualities.uncertain.code)
  pipeline.sample(0, now - 7 * secondUs, 11.6, qualities.uncertain.code)
  expect(rows(pipeline.peek()).map((row) => (row as unknown[])[1])).toEqual([10, 11, 11.5, 11.6])
})

test('a malformed value marks its tag bad once, is counted with its reason, and harms no other', () => {
  const pipeline = pipelineOf({}, { kind: 'text' }, { kind: 'boolean' })
  pipeline.sample(0, now, Number.NaN, 0)
  pipeline.sample(0, now, Infinity, 0)
  pipeline.sample(0, now, Infinity, 0)
  pipeline.sample(2, now, 3, 0)
  pipeline.text(1, now, 'fine', 0)
  expect(rows(pipeline.peek())).toEqual([
    ['m/t0', null, 'badDecoding'],
    ['m/t0', null, 'badOutOfRange'],
    ['m/t2', null, 'badDecoding'],
    ['m/t1', 'fine', 'good'],
  ])
  expect(pipeline.faults).toBe(4)
  expect(pipeline.lastFault).toBe('m/t2: a boolean is 0 or 1, not 3')
})

test('times before 1970 or more than an hour ahead are refused with the reason', () => {
  const pipeline = pipelineOf({})
  pipeline.sample(0, -1, 1, 0)
  expect(pipeline.lastFault).toBe('m/t0: the time is before 1970')
  pipeline.sample(0, now + 3601 * secondUs, 1, 0)
  expect(pipeline.lastFault).toMatch(/more than an hour ahead/)
  expect(rows(pipeline.peek())).toEqual([['m/t0', null, 'badClock']])
})

test('with a precision, values are its multiples before anything else is done with them, and what is written is what the decimal means', () => {
  const pipeline = pipelineOf({ precision: 0.01, range: [0, 20.37], deadband: 0.02 }, { precision: 0.01, average: { samples: 3 } })
  pipeline.sample(0, now - 2, 20.371, 0)
  pipeline.sample(0, now - 1, 20.386, 0)
  pipeline.sample(0, now, 20.4, 0)
  for (const value of [1.001, 1.014, 1.02]) pipeline.sample(1, now, value, 0)
  expect(rows(pipeline.peek()).slice(0, 3)).toEqual([
    ['m/t0', 20.37, 'good'],
    ['m/t0', 20.39, 'uncertainRangeExceeded'],
    ['m/t1', 1.01, 'good'],
  ])
})

test("an array with a precision is rounded, and so are its statistics; the driver's own memory stays as it is", () => {
  const pipeline = pipelineOf({ kind: 'array', shape: [2], precision: 0.1 })
  const data = Float32Array.of(20.34, -0.04)
  pipeline.array(0, now, { shape: [2], data }, 0)
  expect(rows(pipeline.peek()).slice(0, 3)).toEqual([
    ['m/t0', { shape: [2], data: Float32Array.of(20.3, 0) }, 'good'],
    ['m/t0.min', 0, 'good'],
    ['m/t0.max', Math.fround(20.3), 'good'],
  ])
  expect(data).toEqual(Float32Array.of(20.34, -0.04))
})

test('an array brings its statistics along as tags', () => {
  const pipeline = pipelineOf({ kind: 'array', shape: [2, 2] })
  pipeline.array(0, now, { shape: [2, 2], data: Float32Array.of(1, 2, 5, 4) }, 0)
  expect(rows(pipeline.peek())).toEqual([
    ['m/t0', { shape: [2, 2], data: Float32Array.of(1, 2, 5, 4) }, 'good'],
    ['m/t0.min', 1, 'good'],
    ['m/t0.max', 5, 'good'],
    ['m/t0.mean', 3, 'good'],
    ['m/t0.std', Math.sqrt(2.5), 'good'],
    ['m/t0.hotSpotRow', 1, 'good'],
    ['m/t0.hotSpotColumn', 0, 'good'],
  ])
})

test('an averaged tag gives its mean and, beside it, the extremes and the deviation of the window', () => {
  const pipeline = pipelineOf({ average: { samples: 2 } })
  pipeline.sample(0, now, 1, 0)
  pipeline.sample(0, now + 1, 3, 0)
  expect(rows(pipeline.peek())).toEqual([
    ['m/t0', 2, 'good'],
    ['m/t0.min', 1, 'good'],
    ['m/t0.max', 3, 'good'],
    ['m/t0.std', 1, 'good'],
  ])
})

test('a dead source makes every tag bad, in the time of the source, so that its next value is newer', () => {
  const pipeline = pipelineOf({}, {})
  const behind = 600 * secondUs
  pipeline.sample(0, now - behind, 1, 0)
  pipeline.taken()
  pipeline.allBad(qualities.badNotConnected.code)
  pipeline.allBad(qualities.badNotConnected.code)
  const batch = pipeline.peek()
  expect(rows(batch)).toEqual([
    ['m/t0', null, 'badNotConnected'],
    ['m/t1', null, 'badNotConnected'],
  ])
  expect(batch?.time[0]).toBe(now - behind + 1)
})

test('a reading that comes late is kept, and a source that then dies is bad from its newest reading on', () => {
  const pipeline = pipelineOf({ deadband: 1 })
  pipeline.sample(0, now, 5, 0)
  pipeline.sample(0, now - 60 * secondUs, 5.5, 0)
  pipeline.allBad(qualities.badNotConnected.code)
  const batch = pipeline.peek()
  expect(rows(batch)).toEqual([
    ['m/t0', 5, 'good'],
    ['m/t0', 5.5, 'good'],
    ['m/t0', null, 'badNotConnected'],
  ])
  expect(batch?.time[2]).toBe(now + 1)
})

test('a source that says bad at the time of its last value does not undo that value', () => {
  const pipeline = pipelineOf({})
  pipeline.sample(0, now, 5, 0)
  pipeline.sample(0, now, Number.NaN, qualities.badSensorFailure.code)
  expect(Array.from(pipeline.peek()?.time ?? [])).toEqual([now, now + 1])
})

test('an average that a lost connection cuts short is recorded as far as it came, before its tag turns bad', () => {
  const pipeline = pipelineOf({ average: { samples: 100 } })
  pipeline.sample(0, now, 1, 0)
  pipeline.sample(0, now + 1, 3, 0)
  pipeline.allBad(qualities.badNotConnected.code)
  expect(rows(pipeline.peek())).toEqual([
    ['m/t0', 2, 'good'],
    ['m/t0.min', 1, 'good'],
    ['m/t0.max', 3, 'good'],
    ['m/t0.std', 1, 'good'],
    ['m/t0', null, 'badNotConnected'],
  ])
})

test('what is held always fits a frame, whatever the values; beyond it rows are dropped, and durable() says so once', async () => {
  const pipeline = pipelineOf({ kind: 'text' }, { kind: 'array' })
  const text = '☃'.repeat(16_384)
  const array = { shape: [1000, 1000], data: new Float32Array(1_000_000) }
  for (let index = 0; index < 400; index++) pipeline.text(0, now + index, text, 0)
  for (let index = 0; index < 40; index++) pipeline.array(1, now + index, array, 0)
  expect(pipeline.dropped).toBeGreaterThan(30)
  expect(encodeFrame(pipeline.peek() as Batch, crc32).length).toBeLessThan(frameBytesMax)
  await expect(pipeline.durable()).rejects.toMatchObject({ name: 'RetryLater' })
  await expect(pipeline.durable()).resolves.toBeUndefined()
})

test('a window is over by the clock of its source, however far that is behind', () => {
  const pipeline = pipelineOf({ average: { seconds: 10 } })
  const behind = 600 * secondUs
  pipeline.sample(0, now - behind, 1, 0)
  pipeline.closeWindows(now + 5 * secondUs)
  expect(pipeline.peek()).toBeUndefined()
  pipeline.sample(0, now - behind + 5 * secondUs, 3, 0)
  pipeline.closeWindows(now + 10 * secondUs)
  expect(rows(pipeline.peek())[0]).toEqual(['m/t0', 2, 'good'])
})

test('after the clock was set back, a source that dies is bad from its new newest reading on', () => {
  const stepped = new ManualClock(now)
  const points = [{ tag: 'm/t', definition: tagDefinitionSchema.parse({}), address: {} }]
  const pipeline = new Pipeline(points, { clock: stepped, flush: async () => {}, makeRoom: () => {} })
  pipeline.sample(0, stepped.now(), 1, 0)
  stepped.set(now - 3600 * secondUs)
  pipeline.sample(0, stepped.now(), 2, 0)
  pipeline.allBad(qualities.badNotConnected.code)
  pipeline.sample(0, stepped.now() + 2, 3, 0)
  pipeline.allBad(qualities.badNotConnected.code)
  expect(Array.from(pipeline.peek()?.time ?? [], (time) => time - stepped.now())).toEqual([3600 * secondUs, 0, 1, 2, 3])
})

test("a machine's own tag wins over a derived one of its name", () => {
  const points = [
    { tag: 'm/t', definition: tagDefinitionSchema.parse({ kind: 'array', shape: [2] }), address: {} },
    { tag: 'm/t.max', definition: tagDefinitionSchema.parse({ kind: 'text' }), address: {} },
  ]
  const pipeline = new Pipeline(points, { clock, flush: async () => {}, makeRoom: () => {} })
  pipeline.text(1, now, 'own', 0)
  pipeline.array(0, now, { shape: [2], data: Float32Array.of(1, 2) }, 0)
  expect(rows(pipeline.peek()).filter((row) => (row as unknown[])[0] === 'm/t.max')).toEqual([['m/t.max', 'own', 'good']])
})
