import { expect, test } from 'vitest'
import { formatTime, parseTime } from '#core/time.ts'
import { firstRecord, lastRecord, nextRecord, previousRecord, type ReadRecords, type RecordWindow } from './record-window.ts'

/** A server with records at 1, 2, 3 … seconds, which answers as /samples does. */
function records(count: number) {
  const stored = Array.from({ length: count }, (_, index) => ({
    time: formatTime((index + 1) * 1_000_000),
    value: index + 1,
    quality: 'good',
  }))
  const read: ReadRecords = async ({ from, to, order, cursor, limit }) => {
    const [fromUs, toUs] = [from ? (parseTime(from) ?? 0) : 0, to ? (parseTime(to) ?? 0) : Infinity]
    const inRange = stored.filter(({ time }) => (parseTime(time) ?? 0) >= fromUs && (parseTime(time) ?? 0) < toUs)
    const ordered = order === 'asc' ? inRange : inRange.toReversed()
    const rest = cursor === undefined ? ordered : ordered.filter(({ time }) => (order === 'asc' ? time > cursor : time < cursor))
    const samples = rest.slice(0, limit)
    return { samples, next: rest.length > limit ? (samples.at(-1)?.time ?? null) : null }
  }
  const add = () => stored.push({ time: formatTime((stored.length + 1) * 1_000_000), value: stored.length + 1, quality: 'good' })
  return { read, add }
}

const shown = ({ records, index }: RecordWindow) => records[index]?.value

test('walking on from the first record meets every record once, over all pages', async () => {
  const { read } = records(2345)
  let window = await firstRecord(read)
  const seen = [shown(window)]
  for (;;) {
    const next = await nextRecord(window, read)
    if (next === window) break
    window = next
    seen.push(shown(window))
  }
  expect(seen).toEqual(Array.from({ length: 2345 }, (_, index) => index + 1))
  expect(window.records.length).toBeLessThanOrEqual(1000)
})

test('walking back from the last record meets every record once, and ends at the first', async () => {
  const { read } = records(1234)
  let window = await lastRecord(read)
  const seen = [shown(window)]
  while (!(window.index === 0 && window.before === null)) {
    window = await previousRecord(window, read)
    seen.push(shown(window))
  }
  expect(seen).toEqual(Array.from({ length: 1234 }, (_, index) => 1234 - index))
  expect(await previousRecord(window, read)).toBe(window)
})

test('turning round far from where one began stays exact', async () => {
  const { read } = records(3000)
  let window = await lastRecord(read)
  for (let step = 0; step < 1500; step++) window = await previousRecord(window, read)
  expect(shown(window)).toBe(1500)
  for (let step = 0; step < 1400; step++) window = await nextRecord(window, read)
  expect(shown(window)).toBe(2900)
})

test('at the newest record, the next one is there as soon as it is stored', async () => {
  const { read, add } = records(3)
  const window = await lastRecord(read)
  expect(await nextRecord(window, read)).toBe(window)
  add()
  expect(shown(await nextRecord(window, read))).toBe(4)
})

test('a tag without records has an empty window', async () => {
  const { read } = records(0)
  const window = await firstRecord(read)
  expect(window.index).toBe(-1)
  expect(shown(await nextRecord(window, read))).toBeUndefined()
  expect(await previousRecord(window, read)).toBe(window)
})
