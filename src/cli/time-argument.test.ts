import { expect, test } from 'vitest'
import { hourUs, parseTime, secondUs } from '#core/time.ts'
import { countArgument, durationArgument, timeArgument } from './time-argument.ts'

test('a duration is above zero', () => {
  expect(durationArgument('1.5h')).toBe(1.5 * hourUs)
  expect(() => durationArgument('0s')).toThrow('100ms, 1s')
})

test('times are absolute, now, or relative to now', () => {
  const now = 1_000 * hourUs
  expect(timeArgument('now', now)).toBe(now)
  expect(timeArgument('-1h', now)).toBe(now - hourUs)
  expect(timeArgument('+10s', now)).toBe(now + 10 * secondUs)
  expect(timeArgument('2020-03-09T10:14:33Z', now)).toBe(parseTime('2020-03-09T10:14:33Z'))
  for (const wrong of ['', '1h', '-1', '-1y', 'today']) expect(() => timeArgument(wrong, now)).toThrow('write an ISO 8601 time')
})

test('a count is a whole number above zero', () => {
  expect(countArgument('10')).toBe(10)
  for (const wrong of ['0', '-1', '1.5', 'x', '']) expect(() => countArgument(wrong)).toThrow('whole number above zero')
})
