import { expect, test } from 'vitest'
import { formatAge, formatClock, formatDateTime, formatSpan, fromInput, toInput } from './time-format.ts'

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

test('a span is told in its largest whole unit', () => {
  expect([4000, 90_000, 3 * 3_600_000, 2 * 86_400_000].map(formatSpan)).toEqual(['4 s', '90 s', '3 h', '2 d'])
})

test('an age is now, so long ago, or ahead of the clock', () => {
  expect([at - 500, at - 12_000, at + 3000, at + 60_000].map((time) => formatAge(time, at))).toEqual(['now', '12 s ago', 'now', 'in 60 s'])
})
