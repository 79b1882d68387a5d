// Where hours, days, months and shifts begin by the clocks of a time zone, however these are set.
import { z } from 'zod'
import { bucketCountMax } from './bucket-edges.ts'
import { parseDuration } from './duration.ts'
import { Rejected } from './errors.ts'
import { dayUs, formatTime, hourUs, minuteUs, type Micros } from './time.ts'
import { zoneFault, zoneOf, type Zone } from './zone.ts'

/** Weeks begin on Monday (ISO 8601). */
export const calendarUnits = ['hour', 'day', 'week', 'month', 'quarter', 'year'] as const
export type CalendarUnit = (typeof calendarUnits)[number]

const shiftSchema = z.strictObject({
  name: z.string().min(1).max(64),
  start: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'write a time of day such as 06:00'),
})

/** Each shift lasts until the next one begins; the last one of a day into the next day. */
export const calendarSchema = z.strictObject({
  /** Of days, weeks and shifts where nothing else is asked for: a name such as Europe/Berlin, or an offset such as +01:00. */
  zone: z
    .string()
    .superRefine((name, context) => {
      const fault = zoneFault(name)
      if (fault) context.addIssue({ code: 'custom', message: fault })
    })
    .default('UTC'),
  shifts: z
    .array(shiftSchema)
    .max(48)
    .refine((shifts) => new Set(shifts.map(({ start }) => start)).size === shifts.length, 'two shifts begin at the same time')
    .default([]),
})
export type Calendar = z.infer<typeof calendarSchema>
export type Shift = Calendar['shifts'][number]

/** Where no plant says otherwise. */
export const utcCalendar: Calendar = { zone: 'UTC', shifts: [] }

/** Intervals one after another, for all times from 1970 on. */
export interface Intervals {
  /** When the first one after `time` begins. */
  next(time: Micros): Micros
  /** None is longer. */
  readonly lengthMax: Micros
  /** The name of the shift at a time, where the intervals are shifts. */
  readonly shiftAt?: (time: Micros) => string
}

/**
 * Intervals by name: `15m`, `1h`, `1d` are of that length, counted from 1970 UTC; `hour`, `day` … `year` are the calendar's, in `zone` if it is
 * given; `shift` are the calendar's shifts. Throws `Rejected` for anything else.
 */
export function intervalsOf(every: string, calendar: Calendar, zone?: string): Intervals {
  const unit = calendarUnits.find((unit) => unit === every)
  if (unit) return calendarIntervals(unit, zoneOf(zone ?? calendar.zone))
  if (every === 'shift') {
    if (calendar.shifts.length === 0)
      throw new Rejected('no shifts are known; add calendar: { zone, shifts: [{ name, start }] } to the plant file, or ask for day')
    if (zone !== undefined) throw new Rejected(`shifts begin by the clocks of the plant's zone ${calendar.zone}; leave "zone" out`)
    return calendarIntervals(calendar.shifts, zoneOf(calendar.zone))
  }
  const length = parseDuration(every)
  if (!length || !Number.isSafeInteger(length))
    throw new Rejected(`"${every}" is no interval; write 15m, 1h, 1d … or shift, ${calendarUnits.join(', ')}`)
  if (zone !== undefined)
    throw new Rejected(`${every} is as long in every zone; leave "zone" out, or write one of ${calendarUnits.join(', ')}`)
  return { next: (time) => (Math.floor(time / length) + 1) * length, lengthMax: length }
}

/**
 * The beginnings of the calendar's units, or shifts, over from ≤ time < to, with `from` and `to` themselves: the first and the last interval
 * are whole only when these are beginnings. Throws `Rejected` for an unknown zone and for more than `bucketCountMax` intervals.
 */
export function calendarEdges(from: Micros, to: Micros, unit: CalendarUnit | readonly Shift[], zone: string): Float64Array {
  return edgesOf(calendarIntervals(unit, zoneOf(zone)), from, to)
}

/** As `calendarEdges`, for any intervals. */
export function edgesOf(intervals: Intervals, from: Micros, to: Micros, countMax = bucketCountMax): Float64Array {
  const edges = firstEdges(intervals, from, to, countMax)
  const end = edges.at(-1) as number
  if (end < to)
    throw new Rejected(
      `from ${formatTime(from)} there are ${countMax} intervals until ${formatTime(end)} already; ask for fewer or longer ones`,
    )
  return edges
}

/** The edges of the first `countMax` intervals. */
export function firstEdges(intervals: Intervals, from: Micros, to: Micros, countMax: number): Float64Array {
  const edges = [from]
  for (let edge = from; edge < to && edges.length <= countMax; edges.push(edge)) edge = Math.min(intervals.next(edge), to)
  return Float64Array.from(edges)
}

function calendarIntervals(unit: CalendarUnit | readonly Shift[], zone: Zone): Intervals {
  if (unit === 'hour') return { next: (time) => nextHour(time, zone), lengthMax: 2 * hourUs }
  const shifts = typeof unit === 'string' ? undefined : shiftStarts(unit)
  const following = typeof unit === 'string' ? followingDate[unit] : (local: Micros) => followingShift(local, shifts ?? []).start
  return {
    next(time) {
      for (let local = time + zone.offset(time); ; ) {
        local = following(local)
        const start = zone.timeOf(local)
        // Where clocks are set back over a beginning, or leave out a day, what follows on the clock need not lie ahead.
        if (start > time) return start
      }
    },
    lengthMax: typeof unit === 'string' ? daysMax[unit] * dayUs : daysMax.day * dayUs,
    ...(shifts && { shiftAt: (time: Micros) => shiftAt(time, shifts, zone) }),
  }
}

/** With what clock changes, and a day left out at the date line, may add. */
const daysMax = { day: 3, week: 9, month: 33, quarter: 94, year: 368 }

/** The first beginning after a local time, as a local time. 1970 began on a Thursday. */
const followingDate = {
  day: (local: Micros) => (Math.floor(local / dayUs) + 1) * dayUs,
  week: (local: Micros) => (Math.floor((local / dayUs + 3) / 7) * 7 + 4) * dayUs,
  month: (local: Micros) => followingMonth(local, 1),
  quarter: (local: Micros) => followingMonth(local, 3),
  year: (local: Micros) => followingMonth(local, 12),
}

function followingMonth(local: Micros, months: number): Micros {
  const date = new Date(local / 1000)
  return Date.UTC(date.getUTCFullYear(), (Math.floor(date.getUTCMonth() / months) + 1) * months) * 1000
}

/**
 * Hours differ from the others: where clocks are set back, each of the two equal hours is one. One that is skipped begins when the clocks
 * are set.
 */
function nextHour(time: Micros, zone: Zone): Micros {
  const offset = zone.offset(time)
  const full = (Math.floor((time + offset) / hourUs) + 1) * hourUs
  const change = zone.changeWithin(time, full - offset)
  if (change === undefined) return full - offset
  const local = change + zone.offset(change)
  return local >= full || local % hourUs === 0 ? change : nextHour(change, zone)
}

interface ShiftStart {
  readonly name: string
  /** After midnight. */
  readonly at: Micros
}

function shiftStarts(shifts: readonly Shift[]): ShiftStart[] {
  return shifts
    .map(({ name, start }) => ({ name, at: Number(start.slice(0, 2)) * hourUs + Number(start.slice(3)) * minuteUs }))
    .toSorted((a, b) => a.at - b.at)
}

function followingShift(local: Micros, shifts: readonly ShiftStart[]): { name: string; start: Micros } {
  const midnight = Math.floor(local / dayUs) * dayUs
  const today = shifts.find(({ at }) => midnight + at > local)
  if (today) return { name: today.name, start: midnight + today.at }
  const [first] = shifts as [ShiftStart]
  return { name: first.name, start: midnight + dayUs + first.at }
}

/** The last shift that began at or before a time. */
function shiftAt(time: Micros, shifts: readonly ShiftStart[], zone: Zone): string {
  let name = ''
  for (let local = time + zone.offset(time) - 2 * dayUs; ; ) {
    const following = followingShift(local, shifts)
    if (zone.timeOf(following.start) > time) return name
    ;({ name, start: local } = following)
  }
}
