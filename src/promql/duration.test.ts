import { expect, test } from 'vitest'
import { dayUs, hourUs, minuteUs, secondUs } from '#core/time.ts'
import { parseDuration } from './duration.ts'

test.each([
  ['5m', 5 * minuteUs],
  ['1h30m', 90 * minuteUs],
  ['1y2w3d4h5m6s7ms', (365 + 14 + 3) * dayUs + 4 * hourUs + 5 * minuteUs + 6 * secondUs + 7000],
  ['0s', 0],
  ['', undefined],
  ['5', undefined],
  ['m', undefined],
  ['30m1h', undefined],
  ['5m5m', undefined],
  ['1.5h', undefined],
  ['-5m', undefined],
  ['293y', undefined],
  [`${'9'.repeat(400)}d`, undefined],
])('"%s" lasts %s µs', (text, durationUs) => {
  expect(parseDuration(text)).toBe(durationUs)
})
