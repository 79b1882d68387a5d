import { expect, test } from 'vitest'
import { batchOf, valueAt } from '#core/batch.ts'
import type { Delivery } from '#core/store.ts'
import { settleKinds } from './kinds.ts'

const entry = (sequence: number, ...samples: [tag: string, value: number | string | boolean][]) => ({
  sequence,
  delivery: {
    batch: batchOf(samples.map(([tag, value], index) => ({ tag, value, time: 1000 * sequence + index }))),
    origin: { source: 'box', sequence },
  },
})
const valuesOf = ({ batch }: Delivery) =>
  Array.from({ length: batch.count }, (_, row) => `${batch.tags[batch.tag[row] as number]}=${JSON.stringify(valueAt(batch, row))}`)

test('what fits goes through as it came', () => {
  const entries = [entry(1, ['a', 1], ['b', 'x']), entry(2, ['a', 2])]
  const { entries: settled, others } = settleKinds(entries, (path) => (path === 'a' ? 'number' : undefined))
  expect(settled).toEqual(entries)
  expect(settled[0]?.delivery.batch).toBe(entries[0]?.delivery.batch)
  expect(others).toEqual([])
})

test('rows of another kind are left out alone, whether the tag is stored or came just before, and their delivery keeps its number', () => {
  const entries = [entry(1, ['a', 'odd'], ['b', 1], ['a', 'odder']), entry(2, ['b', true], ['c', 2]), entry(3, ['b', false])]
  const { entries: settled, others } = settleKinds(entries, (path) => (path === 'a' ? 'number' : undefined))
  expect(settled.map(({ delivery }) => [delivery.origin?.sequence, valuesOf(delivery)])).toEqual([
    [1, ['b=1']],
    [2, ['c=2']],
    [3, []],
  ])
  expect(others).toEqual([
    { tag: 'a', kind: 'number', given: 'text', rows: 2 },
    { tag: 'b', kind: 'number', given: 'boolean', rows: 1 },
    { tag: 'b', kind: 'number', given: 'boolean', rows: 1 },
  ])
})

test('a tag that only a dictionary names decides nothing', () => {
  const batch = { ...entry(1, ['a', 1]).delivery.batch, tags: ['a', 'b'], kinds: ['number', 'text'] as const }
  const { others } = settleKinds([{ sequence: 1, delivery: { batch } }, entry(2, ['b', 2])], () => undefined)
  expect(others).toEqual([])
})
