import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { ManualClock } from '#core/clock.ts'
import { qualities } from '#core/quality.ts'
import { tagDefinitionSchema, type TagDefinition } from '#core/tag.ts'
import { formatTime, hourUs } from '#core/time.ts'
import { RecordingSink } from '#test/support/recording-sink.ts'
import type { JsonAddress } from './json-address.ts'
import { JsonReader, newOutcome } from './json-payload.ts'

type PointInput = JsonAddress & Partial<Pick<TagDefinition, 'kind' | 'shape'>>

function reading(...inputs: PointInput[]) {
  const clock = new ManualClock()
  const points = inputs.map(({ kind, shape, ...address }, index) => ({
    tag: `machine/${index}`,
    definition: { ...tagDefinitionSchema.parse({}), ...(kind && { kind }), ...(shape && { shape }) },
    address,
  }))
  const sink = new RecordingSink(points)
  const reader = new JsonReader(
    points,
    points.map((_, index) => index),
    { clock, sink },
  )
  const take = (message: unknown) => reader.read(Buffer.from(typeof message === 'string' ? message : JSON.stringify(message)))
  return { clock, sink, reader, take, values: () => sink.samples.map(({ value }) => value) }
}

test('each point takes its field, as its kind', () => {
  const { sink, take } = reading(
    { field: 'temperature' },
    { field: 'pump.running', kind: 'boolean' },
    { field: 'pump.state', kind: 'text' },
    { field: 'fields[0]', kind: 'array', shape: [2, 2] },
  )
  take({
    temperature: 21.5,
    pump: { running: true, state: 'ok' },
    fields: [
      [
        [1, 2],
        [3, 4],
      ],
    ],
  })
  expect(sink.samples.map(({ point, value }) => [point, value])).toEqual([
    [0, 21.5],
    [1, true],
    [2, 'ok'],
    [3, { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) }],
  ])
  expect(sink.faults).toEqual([])
  expect(sink.violations).toEqual([])
})

test('without a field the message itself is the value', () => {
  const { take, values } = reading({})
  take('21.5')
  expect(values()).toEqual([21.5])
  const waveform = reading({ kind: 'array' })
  waveform.take('[1, 2, 3]')
  expect(waveform.values()).toEqual([{ shape: [3], data: Float32Array.of(1, 2, 3) }])
})

test.each([
  ['"2026-01-01T00:00:00.123456Z"', '2026-01-01T00:00:00.123456Z'],
  ['1767225600.123456', '2026-01-01T00:00:00.123456Z'],
  ['1767225600123', '2026-01-01T00:00:00.123000Z'],
  ['1767225600123456', '2026-01-01T00:00:00.123456Z'],
])('the source time %s is %s', (written, time) => {
  const { sink, take } = reading({ field: 'value', time: 'meta.at' })
  take(`{"value": 1, "meta": {"at": ${written}}}`)
  expect(formatTime(sink.samples[0]?.time ?? 0)).toBe(time)
})

test('without a time the arrival counts, and readings of one instant stay apart', () => {
  const { clock, sink, take } = reading({ field: 'value' })
  take([{ value: 1 }, { value: 2 }])
  take({ value: 3 })
  expect(sink.samples.map(({ time }) => time - clock.now())).toEqual([0, 1, 2])
})

test('a value without a time of its own can be marked, one with its own time stays good', () => {
  const { sink, reader } = reading({ field: 'a' }, { field: 'a', time: 't' })
  reader.read(Buffer.from('{"a": 1, "t": 1767225600}'), { untimed: qualities.uncertainLastUsable.code })
  expect(sink.samples.map(({ quality }) => quality)).toEqual([qualities.uncertainLastUsable.code, qualities.good.code])
})

test('a list of buffered readings gives each its own time', () => {
  const { sink, take } = reading({ field: 'value', time: 'time' })
  take([
    { time: '2025-12-31T23:00:00Z', value: 1 },
    { time: '2025-12-31T23:00:01Z', value: 'broken' },
    { time: '2025-12-31T23:00:02Z', value: 3 },
  ])
  expect(sink.samples.map(({ time, value }) => [formatTime(time), value])).toEqual([
    ['2025-12-31T23:00:00.000000Z', 1],
    ['2025-12-31T23:00:02.000000Z', 3],
  ])
  expect(sink.faults.map(({ reason }) => reason)).toEqual(['field value: it is the text "broken", not a number'])
})

test('conditions choose the readings of a point', () => {
  const { sink, take } = reading({ field: 't', where: { sensor: 'climate-1' } }, { field: 't', where: { sensor: 'climate-2', slot: '7' } })
  take([{ sensor: 'climate-1', t: 1 }, { sensor: 'climate-2', slot: 7, t: 2 }, { sensor: 'climate-3', t: 3 }, { t: 4 }])
  expect(sink.samples.map(({ point, value }) => [point, value])).toEqual([
    [0, 1],
    [1, 2],
  ])
  expect(sink.faults).toEqual([])
})

test.each<[string, PointInput, string, string]>([
  ['a missing field', { field: 'a.b' }, '{"a": 1}', 'field a.b: it is missing in the message'],
  ['a numeric text', { field: 'a' }, '{"a": "21.5"}', 'field a: it is the text "21.5", not a number'],
  ['null', { field: 'a' }, '{"a": null}', 'field a: it is null, not a number'],
  ['true for a number', { field: 'a' }, '{"a": true}', 'field a: it is true, not a number'],
  ['an infinity', { field: 'a' }, '{"a": 1e999}', 'field a: the number is too large'],
  ['a number that lost digits', { field: 'a' }, '{"a": 9007199254740993}', 'field a: the whole number is beyond 2⁵³ and would lose digits'],
  ['2 for a boolean', { field: 'a', kind: 'boolean' }, '{"a": 2}', 'field a: it is 2, not true or false'],
  ['a number for a text', { field: 'a', kind: 'text' }, '{"a": 2}', 'field a: it is 2, not a text'],
  ['a ragged array', { field: 'a', kind: 'array' }, '{"a": [[1, 2], [3]]}', 'field a: the rows of the array differ in length'],
  ['an empty array', { field: 'a', kind: 'array' }, '{"a": []}', 'field a: the shape must be one or two whole numbers above zero'],
  ['a hole in an array', { field: 'a', kind: 'array' }, '{"a": [1, null]}', 'field a: element 1 is null, not a number'],
  ['another shape', { field: 'a', kind: 'array', shape: [2, 2] }, '{"a": [1, 2]}', 'field a: the array is 2, the tag is 2×2'],
  [
    'a false shape',
    { field: 'a', kind: 'array' },
    '{"a": {"shape": [3], "data": [1]}}',
    'field a: the shape 3 needs 3 elements, the data has 1',
  ],
  ['a missing time', { field: 'a', time: 't' }, '{"a": 1}', 'field a: the time is missing, not ISO 8601 or a number'],
  [
    'a time that is none',
    { field: 'a', time: 't' },
    '{"a": 1, "t": "noon"}',
    'field a: the time is the text "noon", not ISO 8601 or a number',
  ],
  ['a negative time', { field: 'a', time: 't' }, '{"a": 1, "t": -1}', 'field a: the time is before 1970'],
  ['an infinite time', { field: 'a', time: 't' }, '{"a": 1, "t": 1e999}', 'field a: the time is not a whole number of microseconds'],
])('%s is a fault that says so', (_, point, message, reason) => {
  const { sink, take } = reading(point)
  expect(take(message)).toBeUndefined()
  expect(sink.faults.map((fault) => fault.reason)).toEqual([reason])
  expect(sink.samples).toEqual([])
})

test('a time far ahead is refused for the points that use it, the others go on', () => {
  const { clock, sink, take } = reading({ field: 'a', time: 't' }, { field: 'a' })
  take({ a: 1, t: clock.now() + 2 * hourUs })
  expect(sink.faults.map(({ point }) => point)).toEqual([0])
  expect(sink.samples.map(({ point }) => point)).toEqual([1])
})

test('exact large numbers and exponents pass', () => {
  const { take, values } = reading({ field: 'a' })
  take('{"a": 9007199254740994}')
  take('{"a": 1.5e300}')
  expect(values()).toEqual([9007199254740994, 1.5e300])
})

test('an array may come flat, in rows, or with its shape', () => {
  const { take, values } = reading({ field: 'a', kind: 'array', shape: [2, 2] })
  take('{"a": [1, 2, 3, 4]}')
  take('{"a": [[1, 2], [3, 4]]}')
  take('{"a": {"shape": [2, 2], "data": [1, 2, 3, 4]}}')
  expect(values()).toEqual(Array.from({ length: 3 }, () => ({ shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) })))
})

test('what is no JSON is a fault of every point, and the next message is read', () => {
  const { sink, reader, take, values } = reading({ field: 'a' }, { field: 'b', where: { x: 'y' } })
  expect(take('hello')).toMatch(/^the message is not JSON/)
  expect(reader.read(Buffer.of(0x22, 0xff, 0x22))).toBe('the message is not JSON: it is no UTF-8 text')
  expect(sink.faults).toHaveLength(4)
  expect(sink.faults[0]?.quality).toBe(qualities.badDecoding.code)
  take({ a: 1 })
  expect(values()).toEqual([1])
})

test('deep nesting is harmless', () => {
  const { sink, take } = reading({ field: 'a', kind: 'array' })
  take(`{"a": ${'['.repeat(100_000)}${']'.repeat(100_000)}}`)
  expect(sink.faults).toHaveLength(1)
})

test('an outcome counts values and names what was refused', () => {
  const { reader } = reading({ field: 'a' }, { field: 'b' })
  const outcome = newOutcome()
  reader.read(Buffer.from('[{"a": 1, "b": 2}, {"a": 3}, {"a": 4}]'), { outcome })
  expect(outcome.accepted).toBe(4)
  expect([...outcome.rejected]).toEqual([['b', { reason: 'it is missing in the message', count: 2 }]])
})

test('arbitrary bytes and arbitrary JSON never throw, and never break the contract of the sink', () => {
  const inputs: PointInput[] = (['number', 'boolean', 'text', 'array'] as const).flatMap((kind) => [
    { kind },
    { kind, field: 'a', time: 't' },
    { kind, field: 'a[0].b', where: { a: 'x' } },
  ])
  const { sink, reader, take } = reading(...inputs)
  const message = fc.oneof(fc.jsonValue(), fc.record({ a: fc.jsonValue(), t: fc.oneof(fc.jsonValue(), fc.double()) }))
  fc.assert(fc.property(fc.uint8Array(), (bytes) => void reader.read(bytes)))
  fc.assert(fc.property(fc.oneof(message, fc.array(message)), (value) => void take(value)))
  expect(sink.violations).toEqual([])
})

test('each whole number is judged by its own digits', () => {
  const { sink, take, values } = reading({ field: 'a' }, { field: 'b' }, { field: 'c', kind: 'array' }, { field: 'd', time: 'b' })
  take('{"a": 9007199254740992, "b": 9007199254740993, "c": [12345678901234567], "d": 1}')
  expect(values()).toEqual([2 ** 53])
  expect(sink.faults.map(({ point, reason }) => [point, reason])).toEqual([
    [1, 'field b: the whole number is beyond 2⁵³ and would lose digits'],
    [2, 'field c: element 0 is a whole number beyond 2⁵³, not a number'],
    [3, 'field d: the time is a whole number beyond 2⁵³, not ISO 8601 or a number'],
  ])
})

test('a message full of large numbers is read in one go, however long it is', () => {
  const { sink, take } = reading({ field: 'v' })
  take(`[${Array.from({ length: 150_000 }, () => '{"v":1e300}').join()},{"v":1234567890123456}]`)
  expect(sink.samples).toHaveLength(150_001)
})
