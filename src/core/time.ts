// Source time: integer microseconds since 1970-01-01 UTC, held in a JS number (exact until the year 2255).

/** Microseconds since 1970 UTC. */
export type Micros = number

export const secondUs = 1_000_000
export const minuteUs = 60 * secondUs
export const hourUs = 60 * minuteUs
export const dayUs = 24 * hourUs

/** How far ahead of the server's clock a source time may be before it is refused. */
export const futureToleranceUs = 60 * minuteUs

const isoPattern = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?\s*(Z|[+-]\d{2}:?\d{2})?$/i

/**
 * Reads an ISO 8601 time as microseconds; digits beyond the sixth decimal are cut. A time without an offset is UTC.
 * Returns undefined for anything else, impossible dates included.
 */
export function parseTime(text: string): Micros | undefined {
  const common = parseCommon(text)
  if (common !== undefined) return common
  const match = isoPattern.exec(text.trim())
  if (!match) return undefined
  const [, date, minutes = '00:00', seconds = '00', fraction = '', offset = 'Z'] = match
  const zone = /^z$/i.test(offset) ? 'Z' : offset.includes(':') ? offset : `${offset.slice(0, 3)}:${offset.slice(3)}`
  const ms = Date.parse(`${date}T${minutes}:${seconds}${zone}`)
  if (Number.isNaN(ms)) return undefined
  if (new Date(Date.parse(`${date}T00:00:00Z`)).toISOString().slice(0, 10) !== date) return undefined
  return ms * 1000 + Number(fraction.slice(0, 6).padEnd(6, '0'))
}

/** The form that machines write, `2026-01-31T12:00:00.123456Z` with up to six decimals: many times faster than by the pattern. */
function parseCommon(text: string): Micros | undefined {
  const { length } = text
  const isCommon =
    length >= 20 &&
    length <= 27 &&
    text.endsWith('Z') &&
    text[4] === '-' &&
    text[7] === '-' &&
    text[10] === 'T' &&
    text[13] === ':' &&
    text[16] === ':' &&
    (length === 20 || (length > 21 && text[19] === '.'))
  if (!isCommon) return undefined
  const year = wholeAt(text, 0, 4)
  const month = wholeAt(text, 5, 7)
  const day = wholeAt(text, 8, 10)
  const hour = wholeAt(text, 11, 13)
  const minute = wholeAt(text, 14, 16)
  const second = wholeAt(text, 17, 19)
  const decimals = length === 20 ? 0 : wholeAt(text, 20, length - 1) * 10 ** (27 - length)
  // Whatever no calendar or clock shows is left to the pattern.
  if (!(year >= 1970 && month >= 1 && month <= 12 && day >= 1 && hour < 24 && minute < 60 && second < 60)) return undefined
  const ms = Date.UTC(year, month - 1, day, hour, minute, second)
  if (day > 28 && new Date(ms).getUTCDate() !== day) return undefined
  const time = ms * 1000 + decimals
  return Number.isNaN(time) ? undefined : time
}

/** The digits of a text as a whole number, NaN where there is anything else. */
function wholeAt(text: string, from: number, to: number): number {
  let whole = 0
  for (let at = from; at < to; at++) {
    const digit = text.charCodeAt(at) - 48
    whole = digit >= 0 && digit <= 9 ? whole * 10 + digit : Number.NaN
  }
  return whole
}

/** Writes microseconds as ISO 8601 UTC with six decimals, e.g. `2026-01-31T12:00:00.000001Z`. */
export function formatTime(time: Micros): string {
  const ms = Math.floor(time / 1000)
  const rest = String(time - ms * 1000).padStart(3, '0')
  return `${new Date(ms).toISOString().slice(0, -1)}${rest}Z`
}

/** The last time that a JS date can express. */
const timeMax: Micros = 8.64e18

/** Why a source time cannot be accepted at `now`, or undefined when it can. */
export function timeFault(time: Micros, now: Micros): string | undefined {
  if (!Number.isInteger(time)) return 'the time is not a whole number of microseconds'
  if (time < 0) return 'the time is before 1970'
  if (time > now + futureToleranceUs)
    return `the time ${formatTime(Math.min(time, timeMax))} is more than an hour ahead of the server's clock`
  return undefined
}
