import { expect, test } from 'vitest'
import { parseDuration } from './duration.ts'
import { hourUs, secondUs } from './time.ts'

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
})
