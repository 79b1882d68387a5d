import { expect, test } from 'vitest'
import { formatAge, formatClock, formatDateTime, formatDuration, fromInput, toInput } from './time-format.ts'

const at = Date.parse('2026-01-31T23:59:58.789Z')

test('times are written in 24 hours and ISO order', () => {
  expect(formatClock(at, 'utc')).toBe('23:59:58')
  expect(formatDateTime(at, 'utc', true)).toBe('2026-01-31 23:59:58.789')
})

test('an input shows and reads the same moment in either zone', () => {
  expect(toInput(at, 'utc')).toBe('2026-01-31T23:59:58')
  for (const zone of ['utc', 'local'] as const) expect(fromInput(toInput(at, zone), zone)).toBe(Math.floor(at / 1000) * 1000)
  expect(fromInput('', 'utc')).toBeUndefined()
})

test('a duration is told in its two largest units', () => {
  expect([400, 42_000, 102_000, 3_600_000, 11_100_000, 2 * 86_400_000 + 5000].map(formatDuration)).toEqual([
    '0 s',
    '42 s',
    '1 min 42 s',
    '1 h',
    '3 h 5 min',
    '2 d',
  ])
})

test('an age is now, so long ago in one readable unit, or ahead of the clock', () => {
  const ages = [-3000, 500, 12_000, 90_000, 5 * 60_000, 3 * 3_600_000, 5 * 86_400_000, 90 * 86_400_000, 2447 * 86_400_000]
  expect(ages.map((age) => formatAge(at - age, at))).toEqual([
    'now',
    'now',
    '12 s ago',
    '90 s ago',
    '5 min ago',
    '3 h ago',
    '5 days ago',
    '2 months ago',
    '6.7 years ago',
  ])
  expect(formatAge(at + 60_000, at)).toBe('in 60 s')
})
