import { expect, test } from 'vitest'
import { boundsOf, rangeAtNewest, readTrendSearch, wantedRange } from './time-range.ts'

test('a page address without a range shows live values', () => {
  expect(wantedRange(readTrendSearch({}))).toEqual({ preset: 'live' })
})

test('an own range is stronger than a preset', () => {
  const search = readTrendSearch({ range: '24h', from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' })
  expect(wantedRange(search)).toEqual({ from: Date.UTC(2026, 0, 1), to: Date.UTC(2026, 0, 2) })
})

test('what makes no sense in an address is left out', () => {
  expect(readTrendSearch({ range: 'toString', from: '2026-01-02', to: '2026-01-01', tags: 'a' })).toEqual({})
  expect(readTrendSearch({ tags: ['a', 3, 'b'] })).toEqual({ tags: ['a', 'b'] })
})

test('a preset ends now', () => {
  expect(boundsOf({ preset: '1h' }, 10_000_000)).toEqual({ from: 6_400_000, to: 10_000_000 })
})

test('all is a range of its own', () => {
  expect(wantedRange(readTrendSearch({ range: 'all' }))).toBe('all')
})

test('the newest value is shown live, or at the end of a range as long as the present one', () => {
  const now = Date.UTC(2026, 0, 1)
  expect(rangeAtNewest({ preset: '24h' }, now - 60_000, now)).toEqual({ preset: 'live' })
  const old = Date.UTC(2020, 2, 9)
  expect(rangeAtNewest({ preset: '1h' }, old, now)).toEqual({ from: old - 3_600_000, to: old + 1 })
  expect(rangeAtNewest({ from: 5, to: 15 }, old, now)).toEqual({ from: old - 60_000, to: old + 1 })
})
