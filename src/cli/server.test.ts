import { expect, test } from 'vitest'
import { retryAfterMs } from './server.ts'

test('Retry-After is read as seconds or as a date, within a minute', () => {
  const now = Date.parse('2026-01-01T00:00:00Z')
  expect(retryAfterMs('2', now)).toBe(2000)
  expect(retryAfterMs('Thu, 01 Jan 2026 00:00:05 GMT', now)).toBe(5000)
  expect(retryAfterMs('Thu, 01 Jan 2020 00:00:05 GMT', now)).toBe(0)
  expect(retryAfterMs('9999', now)).toBe(60_000)
  expect(retryAfterMs(null, now)).toBe(1000)
  expect(retryAfterMs('soon', now)).toBe(1000)
})
