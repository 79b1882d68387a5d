import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { dayUs, formatTime, hourUs, parseTime, secondUs, timeFault } from './time.ts'

const exactUntil = Number.MAX_SAFE_INTEGER
const micros = fc.integer({ min: 0, max: exactUntil })

test('every time is written and read back to the microsecond', () => {
  fc.assert(
    fc.property(micros, (time) => {
      expect(parseTime(formatTime(time))).toBe(time)
    }),
  )
  fc.assert(
    fc.property(fc.integer({ min: -10 * 365 * dayUs, max: 0 }), (time) => {
      expect(parseTime(formatTime(time))).toBe(time)
    }),
  )
})

test('written times sort as the times do', () => {
  fc.assert(
    fc.property(micros, micros, (a, b) => {
      expect(formatTime(a) < formatTime(b)).toBe(a < b)
    }),
  )
})

test('the common form is read as the general one is, impossible times too', () => {
  const part = (min: number, max: number, digits: number) => fc.integer({ min, max }).map((number) => String(number).padStart(digits, '0'))
  const date = fc.tuple(fc.oneof(part(1969, 2101, 4), part(0, 9999, 4)), part(0, 13, 2), part(0, 32, 2)).map((parts) => parts.join('-'))
  const clock = fc.tuple(part(0, 25, 2), part(0, 61, 2), part(0, 61, 2)).map((parts) => parts.join(':'))
  const decimals = fc.constantFrom('', '.', '.5', '.123456', '.1234567', '.12a')
  fc.assert(
    fc.property(date, clock, decimals, (date, clock, decimals) => {
      // A space instead of the T is not common.
      expect(parseTime(`${date}T${clock}${decimals}Z`)).toBe(parseTime(`${date} ${clock}${decimals}Z`))
    }),
    { numRuns: 2000 },
  )
})

test('an offset shifts the time by itself', () => {
  fc.assert(
    fc.property(fc.integer({ min: dayUs, max: 4e15 }), fc.integer({ min: -23 * 60, max: 23 * 60 }), (time, minutes) => {
      const sign = minutes < 0 ? '-' : '+'
      const two = (number: number) => String(Math.floor(number)).padStart(2, '0')
      const offset = `${sign}${two(Math.abs(minutes) / 60)}:${two(Math.abs(minutes) % 60)}`
      const local = formatTime(time).slice(0, -1)
      expect(parseTime(local + offset)).toBe(time - minutes * 60 * secondUs)
      expect(parseTime(local + offset.replace(':', ''))).toBe(time - minutes * 60 * secondUs)
    }),
  )
})

test.for([
  ['2026-01-31T12:00:00.000001Z', '2026-01-31T12:00:00.000001Z'],
  ['2026-01-31T12:00:00.1234567Z', '2026-01-31T12:00:00.123456Z'],
  ['2026-01-31T12:00:00,5z', '2026-01-31T12:00:00.500000Z'],
  ['2026-01-31 12:00', '2026-01-31T12:00:00.000000Z'],
  ['2026-01-31', '2026-01-31T00:00:00.000000Z'],
  ['  2024-02-29T23:59:59Z ', '2024-02-29T23:59:59.000000Z'],
  ['2000-02-29', '2000-02-29T00:00:00.000000Z'],
] as const)('%s is read', ([text, time]) => {
  expect(formatTime(parseTime(text) as number)).toBe(time)
})

test.for([
  '',
  'now',
  '2026',
  '2026-01',
  '2026-02-29',
  '2100-02-29',
  '2026-02-30T00:00:00Z',
  '2026-13-01',
  '2026-00-10',
  '2026-01-31T25:00:00Z',
  '2026-01-31T12:60:00Z',
  '2026-01-31T12:00:61Z',
  '2026-01-31T12:00:00.Z',
  '2026-01-31T12:00:00+1',
  '2026-01-31T12:00:00+99:00',
  '31.01.2026',
  '1583748873',
  '2026-01-31T12:00:00Z; drop',
])('"%s" is no time', (text) => {
  expect(parseTime(text)).toBeUndefined()
})

test('no text makes the reader throw', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(['number', 'undefined']).toContain(typeof parseTime(text))
    }),
  )
})

test('a source time is refused when it is no whole microsecond, before 1970, or more than an hour ahead', () => {
  const now = Date.UTC(2026, 0, 1) * 1000
  expect(timeFault(now, now)).toBeUndefined()
  expect(timeFault(0, now)).toBeUndefined()
  expect(timeFault(now + hourUs, now)).toBeUndefined()
  expect(timeFault(now + hourUs + 1, now)).toMatch(/more than an hour ahead/)
  expect(timeFault(-1, now)).toMatch(/before 1970/)
  for (const time of [exactUntil + 1, 1e300]) expect(timeFault(time, now)).toMatch(/the time .* is more than an hour ahead/)
  expect(timeFault(parseTime('0001-01-01') as number, now)).toMatch(/before 1970/)
  for (const time of [0.5, Number.NaN, Infinity]) expect(timeFault(time, now)).toMatch(/whole number of microseconds/)
})
