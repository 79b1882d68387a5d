import { expect, test } from 'vitest'
import { ConfigError } from '#core/errors.ts'
import { formatTime } from '#core/time.ts'
import { timeReader } from './times.ts'

function read(text: string, zone = 'UTC', unit: Parameters<typeof timeReader>[1] = 'auto'): string | undefined {
  const time = timeReader(zone, unit)(text)
  return time === undefined ? undefined : formatTime(time)
}

test.for([
  ['2020-03-09 10:14:33', '2020-03-09T10:14:33.000000Z'],
  ['2020-03-09T10:14:33.123456Z', '2020-03-09T10:14:33.123456Z'],
  ['2020-03-09T10:14:33+01:00', '2020-03-09T09:14:33.000000Z'],
  ['09.03.2020 10:14:33,5', '2020-03-09T10:14:33.500000Z'],
  ['2020/03/09 10:14', '2020-03-09T10:14:00.000000Z'],
  ['2020-03-09', '2020-03-09T00:00:00.000000Z'],
  ['1583748873', '2020-03-09T10:14:33.000000Z'],
  ['1583748873.25', '2020-03-09T10:14:33.250000Z'],
  ['1583748873123', '2020-03-09T10:14:33.123000Z'],
  ['1583748873123456', '2020-03-09T10:14:33.123456Z'],
  ['1583748873123456000', '2020-03-09T10:14:33.123456Z'],
] as const)('%s is read', ([text, time]) => {
  expect(read(text)).toBe(time)
})

test.for(['', 'yesterday', '2020-13-01', '2020-02-30 00:00:00', '31.02.2020', '17', '-5', '12:30'])('"%s" is no time', (text) => {
  expect(read(text)).toBeUndefined()
})

test('a small number is a time only when its unit is said', () => {
  expect(read('17')).toBeUndefined()
  expect(read('17', 'UTC', 's')).toBe('1970-01-01T00:00:17.000000Z')
})

test('local times follow the zone, summer time included', () => {
  expect(read('2020-01-09 10:00:00', 'Europe/Berlin')).toBe('2020-01-09T09:00:00.000000Z')
  expect(read('2020-07-09 10:00:00', 'Europe/Berlin')).toBe('2020-07-09T08:00:00.000000Z')
  expect(read('2020-07-09 10:00:00Z', 'Europe/Berlin')).toBe('2020-07-09T10:00:00.000000Z')
  expect(read('2020-07-09', 'Europe/Berlin')).toBe('2020-07-08T22:00:00.000000Z')
  expect(read('2020-07-09 10:00:00', '-03:30')).toBe('2020-07-09T13:30:00.000000Z')
  expect(read('2020-07-09 10:00:00', 'Asia/Kolkata')).toBe('2020-07-09T04:30:00.000000Z')
})

test('an hour that a clock change doubles or skips is taken with the offset before the change', () => {
  expect(read('2020-10-25 02:30:00', 'Europe/Berlin')).toBe('2020-10-25T00:30:00.000000Z')
  expect(read('2020-10-25 03:30:00', 'Europe/Berlin')).toBe('2020-10-25T02:30:00.000000Z')
  expect(read('2020-03-29 02:30:00', 'Europe/Berlin')).toBe('2020-03-29T01:30:00.000000Z')
  expect(read('2020-03-29 03:30:00', 'Europe/Berlin')).toBe('2020-03-29T01:30:00.000000Z')
})

test('a zone that does not exist is refused with the mend', () => {
  expect(() => timeReader('Mars/Olympus', 'auto')).toThrow(ConfigError)
  expect(() => timeReader('Mars/Olympus', 'auto')).toThrow(/Europe\/Berlin/)
})
