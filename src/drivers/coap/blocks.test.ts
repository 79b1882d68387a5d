import { expect, test } from 'vitest'
import { ManualClock } from '#core/clock.ts'
import { BlockBodies } from './blocks.ts'

const block = (index: number, more: boolean) => ({ index, more, size: 16 })
const full = Buffer.alloc(16, 'x')

test('blocks in order make the body; one out of order, short or repeated does not', () => {
  const bodies = new BlockBodies(new ManualClock(), 1000)
  expect(bodies.add('a', block(0, true), full)).toBe('more')
  expect(bodies.add('b', block(0, true), full)).toBe('more')
  expect(bodies.add('a', block(1, false), Buffer.from('end'))).toEqual(Buffer.from(`${'x'.repeat(16)}end`))
  expect(bodies.add('a', block(1, false), Buffer.from('end'))).toBe('incomplete')
  expect(bodies.add('b', block(2, true), full)).toBe('incomplete')
  expect(bodies.add('b', block(0, true), Buffer.from('short'))).toBe('incomplete')
})

test('a body beyond the bound is refused', () => {
  const bodies = new BlockBodies(new ManualClock(), 40)
  expect(bodies.add('a', block(0, true), full)).toBe('more')
  expect(bodies.add('a', block(1, true), full)).toBe('more')
  expect(bodies.add('a', block(2, false), full)).toBe('tooLarge')
  expect(bodies.add('a', block(2, false), full)).toBe('incomplete')
})

test('unfinished bodies are forgotten when there are too many or they are too old', async () => {
  const clock = new ManualClock()
  const bodies = new BlockBodies(clock, 1000)
  for (let index = 0; index < 257; index++) bodies.add(`sender ${index}`, block(0, true), full)
  expect(bodies.add('sender 0', block(1, false), full)).toBe('incomplete')
  expect(bodies.add('sender 1', block(1, false), full)).toHaveLength(32)
  await clock.advance(300_000)
  bodies.add('new', block(0, true), full)
  expect(bodies.add('sender 2', block(1, false), full)).toBe('incomplete')
  expect(bodies.add('new', block(1, false), full)).toHaveLength(32)
})
