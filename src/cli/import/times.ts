// The time of a row: the forms in which files state it, and local times of a time zone as UTC.
import { ConfigError } from '#core/errors.ts'
import { parseTime, type Micros } from '#core/time.ts'

export const epochUnits = { s: 1e6, ms: 1e3, us: 1, ns: 1e-3 } as const
export type EpochUnit = keyof typeof epochUnits

const numberPattern = /^[+-]?\d+(?:[.,]\d+)?$/
const offsetPattern = /(?:z|[+-]\d{2}:?\d{2})$/i

/** Minutes east of UTC that a zone's clocks show at a UTC time. */
type ZoneOffset = (utc: Micros) => number

/**
 * Reads the times of one column; undefined for anything that is none.
 * Forms: ISO 8601 with `T` or a blank, `31.12.2026 23:59:59`, `2026/12/31 23:59:59`, and numbers since 1970 in `unit` (guessed by their size
 * when `auto`). A time without an offset is local time of `zone`: an IANA name such as Europe/Berlin, or an offset such as +01:00.
 */
export function timeReader(zone: string, unit: EpochUnit | 'auto'): (text: string) => Micros | undefined {
  const offset = zoneOffset(zone)
  return (given) => {
    const text = given.trim()
    if (numberPattern.test(text)) return epochTime(text, unit)
    const iso = text.replace(/^(\d{2})\.(\d{2})\.(\d{4})(?=$|[T ])/, '$3-$2-$1').replace(/^(\d{4})\/(\d{2})\/(\d{2})(?=$|[T ])/, '$1-$2-$3')
    const time = parseTime(iso)
    if (time === undefined || (iso.includes(':') && offsetPattern.test(iso))) return time
    return toUtc(time, offset)
  }
}

/** Numbers below 100 million seconds (1973) are no times of the machines of today but counters: not guessed at. */
function epochTime(text: string, unit: EpochUnit | 'auto'): Micros | undefined {
  const number = Number(text.replace(',', '.'))
  const scale = unit === 'auto' ? guessedScale(number) : epochUnits[unit]
  if (scale === undefined) return undefined
  const time = Math.round(number * scale)
  return Number.isSafeInteger(time) && time >= 0 ? time : undefined
}

function guessedScale(number: number): number | undefined {
  if (number < 1e8) return undefined
  return number < 1e11 ? epochUnits.s : number < 1e14 ? epochUnits.ms : number < 1e17 ? epochUnits.us : epochUnits.ns
}

/** A local time as UTC; one that a clock change skips or doubles is taken with the offset before the change. */
function toUtc(local: Micros, offset: ZoneOffset): Micros {
  const before = local - offset(local - 86_400e6) * 60e6
  if (before + offset(before) * 60e6 === local) return before
  const after = local - offset(local + 86_400e6) * 60e6
  return after + offset(after) * 60e6 === local ? after : before
}

function zoneOffset(zone: string): ZoneOffset {
  const fixed = /^([+-])(\d{2}):?(\d{2})$/.exec(zone)
  if (fixed) {
    const minutes = (fixed[1] === '-' ? -1 : 1) * (Number(fixed[2]) * 60 + Number(fixed[3]))
    return () => minutes
  }
  if (zone === 'UTC') return () => 0
  let format: Intl.DateTimeFormat
  try {
    format = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' })
  } catch {
    throw new ConfigError(`"${zone}" is no time zone; write a name such as Europe/Berlin, or an offset such as +01:00`)
  }
  // Offsets change on quarters of an hour only, and asking for one is slow.
  const quarterMs = 15 * 60_000
  const known = new Map<number, number>()
  return (utc) => {
    const quarter = Math.floor(utc / 1000 / quarterMs)
    const minutes = known.get(quarter) ?? minutesOf(format, quarter * quarterMs)
    if (known.size > 10_000) known.clear()
    known.set(quarter, minutes)
    return minutes
  }
}

function minutesOf(format: Intl.DateTimeFormat, ms: number): number {
  const name = format.formatToParts(ms).find(({ type }) => type === 'timeZoneName')?.value ?? ''
  const [, sign, hours = '0', minutes = '0'] = /GMT([+-])(\d{2}):(\d{2})/.exec(name) ?? []
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes))
}
