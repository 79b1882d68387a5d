import { expect, test } from 'vitest'
import { shownSpanMs } from './sparkline-span.ts'

test('a sparkline grows from one minute to ten with its history', () => {
  const now = Date.UTC(2026, 0, 1)
  expect([5, 60, 200, 600, 86_400].map((seconds) => shownSpanMs(now - seconds * 1000, now) / 1000)).toEqual([60, 60, 200, 600, 600])
})
