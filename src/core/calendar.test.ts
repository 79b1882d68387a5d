import { assert, constantFrom, integer, oneof, property, tuple } from 'fast-check'
import { expect, test } from 'vitest'
import { calendarEdges, calendarSchema, calendarUnits, edgesOf, intervalsOf, type CalendarUnit, type Shift } from './calendar.ts'
import { dayUs, formatTime, hourUs, minuteUs, parseTime, type Micros } from './time.ts'

const at = (text: string) => parseTime(text) as Micros
const texts = (edges: Float64Array) => [...edges].map((edge) => formatTime(edge).slice(0, 16))
const shifts: Shift[] = [
  { name: 'early', start: '06:00' },
  { name: 'late', start: '14:00' },
  { name: 'night', start: '22:00' },
]

test.each([
  ['Europe/Berlin', '2026-03-28T23:00', '2026-03-30T22:00', ['2026-03-28T23:00', '2026-03-29T22:00', '2026-03-30T22:00']],
  ['Europe/Berlin', '2026-10-24T22:00', '2026-10-26T23:00', ['2026-10-24T22:00', '2026-10-25T23:00', '2026-10-26T23:00']],
  // Midnight does not exist: the day begins at 01:00.
  ['America/Sao_Paulo', '2018-11-03T03:00', '2018-11-05T02:00', ['2018-11-03T03:00', '2018-11-04T03:00', '2018-11-05T02:00']],
  ['Africa/Cairo', '2026-04-22T22:00', '2026-04-24T21:00', ['2026-04-22T22:00', '2026-04-23T22:00', '2026-04-24T21:00']],
  // The hour before midnight, and midnight itself, twice.
  ['America/Sao_Paulo', '2018-02-17T02:00', '2018-02-19T03:00', ['2018-02-17T02:00', '2018-02-18T03:00', '2018-02-19T03:00']],
  ['America/Havana', '2026-10-31T04:00', '2026-11-02T05:00', ['2026-10-31T04:00', '2026-11-01T04:00', '2026-11-02T05:00']],
  // 30 December 2011 does not exist.
  ['Pacific/Apia', '2011-12-29T10:00', '2011-12-31T10:00', ['2011-12-29T10:00', '2011-12-30T10:00', '2011-12-31T10:00']],
  ['Asia/Kathmandu', '2026-01-01T00:00', '2026-01-02T00:00', ['2026-01-01T00:00', '2026-01-01T18:15', '2026-01-02T00:00']],
])('days begin by the clocks of %s, from %s', (zone, from, to, edges) => {
  expect(texts(calendarEdges(at(from), at(to), 'day', zone))).toEqual(edges)
})

test('of hours that a clock shows twice each is one, and clocks may be set by half an hour', () => {
  const hours = (from: string, to: string, zone: string) =>
    texts(calendarEdges(at(from), at(to), 'hour', zone)).map((text) => text.slice(11))
  expect(hours('2026-10-24T23:00', '2026-10-25T02:00', 'Europe/Berlin')).toEqual(['23:00', '00:00', '01:00', '02:00'])
  expect(hours('2026-04-04T13:00', '2026-04-04T16:30', 'Australia/Lord_Howe')).toEqual(['13:00', '14:00', '15:30', '16:30'])
  expect(hours('2026-10-03T14:30', '2026-10-03T17:00', 'Australia/Lord_Howe')).toEqual(['14:30', '15:30', '16:00', '17:00'])
})

test('weeks begin on Monday, and what is cut off at both ends is part of the answer', () => {
  expect(texts(calendarEdges(at('2025-12-27'), at('2026-01-07'), 'week', 'UTC'))).toEqual(
    ['2025-12-27', '2025-12-29', '2026-01-05', '2026-01-07'].map((date) => `${date}T00:00`),
  )
  expect([...calendarEdges(5, 6, 'year', 'UTC')]).toEqual([5, 6])
  expect([...calendarEdges(5, 5, 'year', 'UTC')]).toEqual([5])
})

test('shifts begin by the clock, so that one of them is an hour shorter or longer when it is set, and each has its name', () => {
  const intervals = intervalsOf('shift', { zone: 'Europe/Berlin', shifts: shifts.toReversed() })
  const edges = edgesOf(intervals, at('2026-10-24T20:00'), at('2026-10-25T21:00'))
  expect(texts(edges).map((text) => text.slice(8))).toEqual(['24T20:00', '25T05:00', '25T13:00', '25T21:00'])
  expect([...edges].map((edge) => intervals.shiftAt?.(edge))).toEqual(['night', 'early', 'late', 'night'])
  expect(intervals.shiftAt?.((edges[1] as number) - 1)).toBe('night')
  expect(intervalsOf('shift', { zone: 'UTC', shifts: [{ name: 'whole day', start: '00:00' }] }).shiftAt?.(at('2026-01-01'))).toBe(
    'whole day',
  )
})

test('a length is counted from 1970 UTC', () => {
  const intervals = intervalsOf('90m', { zone: 'Asia/Kathmandu', shifts: [] })
  expect([...edgesOf(intervals, 1, 200 * minuteUs)]).toEqual([1, 90 * minuteUs, 180 * minuteUs, 200 * minuteUs])
})

test('what cannot be is said with the mend', () => {
  const calendar = { zone: 'UTC', shifts: [] }
  expect(() => intervalsOf('fortnight', calendar)).toThrow('"fortnight" is no interval; write 15m, 1h, 1d … or shift, hour, day')
  for (const length of ['0s', `${'9'.repeat(400)}w`]) expect(() => intervalsOf(length, calendar)).toThrow('is no interval')
  expect(() => intervalsOf('day', calendar, 'Mars/Base')).toThrow('"Mars/Base" is no time zone; write a name such as Europe/Berlin')
  expect(() => intervalsOf('1d', calendar, 'Europe/Berlin')).toThrow('1d is as long in every zone; leave "zone" out')
  expect(() => intervalsOf('shift', calendar)).toThrow('no shifts are known; add calendar: { zone, shifts')
  expect(() => intervalsOf('shift', { zone: 'UTC', shifts }, 'Europe/Berlin')).toThrow("the plant's zone UTC")
  expect(() => calendarEdges(0, 1000 * 366 * dayUs, 'hour', 'Europe/Berlin')).toThrow(
    /^from 1970-.* there are 100000 intervals until 1981-/,
  )
  const issues = (given: object) => calendarSchema.safeParse(given).error?.issues.map(({ message }) => message)
  expect(issues({ zone: 'Nowhere', shifts: [{ name: 'x', start: '6:00' }] })).toEqual([
    expect.stringContaining('is no time zone'),
    expect.stringContaining('such as 06:00'),
  ])
  expect(issues({ shifts: [shifts[0], { name: 'other', start: '06:00' }] })).toEqual(['two shifts begin at the same time'])
})

// The slow way: the clock is looked at every minute, and an interval begins where it first shows more than ever before.
const zones = [
  ['Europe/Berlin', '2026-03-29T01:00'],
  ['Europe/Berlin', '2026-10-25T01:00'],
  ['America/Sao_Paulo', '2018-11-04T03:00'],
  ['America/Sao_Paulo', '2018-02-18T02:00'],
  ['America/Havana', '2026-11-01T05:00'],
  ['America/St_Johns', '2006-10-29T02:31'],
  ['America/St_Johns', '2006-04-02T03:31'],
  ['Australia/Lord_Howe', '2026-04-04T15:00'],
  ['Australia/Lord_Howe', '2026-10-03T15:30'],
  ['Africa/Cairo', '2026-04-23T22:00'],
  ['Africa/Casablanca', '2026-02-15T02:00'],
  ['Asia/Kathmandu', '1985-12-31T18:30'],
  ['Pacific/Apia', '2011-12-30T10:00'],
  ['Pacific/Kwajalein', '1993-08-21T12:00'],
  ['Antarctica/Troll', '2026-10-25T01:00'],
  ['+05:45', '2026-01-01T00:00'],
] as const

/** Local time as `2026-01-31 12:00`. */
function clockOf(zone: string): (time: Micros) => string {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' })
  return (time) => format.format(time / 1000)
}

const dateBefore = (date: string, days: number) => new Date(Date.parse(date) - days * 86_400_000).toISOString().slice(0, 10)

/** A text that rises where an interval begins. */
const keys: Record<CalendarUnit | 'shift', (clock: string) => string> = {
  hour: (clock) => clock.slice(0, 13),
  day: (clock) => clock.slice(0, 10),
  week: (clock) => dateBefore(clock.slice(0, 10), (new Date(clock.slice(0, 10)).getUTCDay() + 6) % 7),
  month: (clock) => clock.slice(0, 7),
  quarter: (clock) => `${clock.slice(0, 4)} ${Math.floor((Number(clock.slice(5, 7)) - 1) / 3)}`,
  year: (clock) => clock.slice(0, 4),
  shift(clock) {
    const start = shifts.findLast(({ start }) => start <= clock.slice(11))?.start
    return start ? `${clock.slice(0, 10)} ${start}` : `${dateBefore(clock.slice(0, 10), 1)} 22:00`
  },
}

function edgesByClock(from: Micros, to: Micros, unit: CalendarUnit | 'shift', zone: string): number[] {
  const clock = clockOf(zone)
  const edges = [from]
  let before = clock(from - 2 * dayUs)
  let highest = ''
  for (let time = from - 2 * dayUs; time < to; time += minuteUs) {
    const shown = clock(time)
    const key = keys[unit](shown)
    const begins = unit === 'hour' ? shown.endsWith(':00') || key > keys.hour(before) : key > highest
    if (begins && time > from) edges.push(time)
    if (key > highest) highest = key
    before = shown
  }
  return [...edges, to]
}

test('edges are those that a patient look at the clock finds, around every kind of clock change and anywhere else', () => {
  const place = oneof(constantFrom(...zones.map(([zone, time]) => [zone, at(time)] as const)), anyPlace())
  const unit = constantFrom(...calendarUnits, 'shift' as const)
  assert(
    property(place, unit, integer({ min: 0, max: 2880 }), integer({ min: 1, max: 4320 }), ([zone, near], unit, before, length) => {
      const from = near - before * minuteUs
      const to = from + length * minuteUs
      const edges = calendarEdges(from, to, unit === 'shift' ? shifts : unit, zone)
      expect([...edges]).toEqual(edgesByClock(from, to, unit, zone))
    }),
    { numRuns: 100 },
  )
})

/** Any zone at a new year, at which all units begin, or at any hour. */
function anyPlace() {
  const time = oneof(
    integer({ min: 1975, max: 2037 }).map((year) => Date.UTC(year, 0, 1) * 1000),
    integer({ min: at('1975-01-01') / hourUs, max: at('2037-01-01') / hourUs }).map((hour) => hour * hourUs),
  )
  return tuple(constantFrom(...Intl.supportedValuesOf('timeZone')), time)
}
