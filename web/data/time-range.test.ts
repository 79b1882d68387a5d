import { expect, test } from 'vitest'
import { boundsOf, rangeOf, readTrendSearch } from './time-range.ts'

test('a page address without a range shows live values', () => {
  expect(rangeOf(readTrendSearch({}))).toEqual({ preset: 'live' })
})

test('an own range is stronger than a preset', () => {
  const search = readTrendSearch({ range: '24h', from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' })
  expect(rangeOf(search)).toEqual({ from: Date.UTC(2026, 0, 1), to: Date.UTC(2026, 0, 2) })
})

test('what makes no sense in an address is left out', () => {
  expect(readTrendSearch({ range: 'toString', from: '2026-01-02', to: '2026-01-01', tags: 'a' })).toEqual({})
  expect(readTrendSearch({ tags: ['a', 3, 'b'] })).toEqual({ tags: ['a', 'b'] })
})

test('a preset ends now', () => {
  expect(boundsOf({ preset: '1h' }, 10_000_000)).toEqual({ from: 6_400_000, to: 10_000_000 })
})
