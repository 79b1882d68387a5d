import { expect, test } from 'vitest'
import { hourUs, parseTime, secondUs } from '#core/time.ts'
import { countArgument, durationArgument, parseDuration, timeArgument } from './time-argument.ts'

test('durations are read with their unit', () => {
  expect(['500ms', '1s', '1.5h', '2 d', '10us', '1m', '1min', '1w'].map(parseDuration)).toEqual([
    500_000,
    secondUs,
    1.5 * hourUs,
    48 * hourUs,
    10,
    60 * secondUs,
    60 * secondUs,
    168 * hourUs,
  ])
  expect(['', '1', 'h', '-1h', '1y', '1h30m'].map(parseDuration)).toEqual(Array(6).fill(undefined))
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
