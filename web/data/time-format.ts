// Times as people read them, in UTC or the browser's zone; always 24 hours, always ISO order.

export type Zone = 'utc' | 'local'

/** ISO text of a time shifted into the zone, without its Z. */
function shifted(ms: number, zone: Zone): string {
  const offsetMs = zone === 'utc' ? 0 : new Date(ms).getTimezoneOffset() * 60_000
  return new Date(ms - offsetMs).toISOString().slice(0, -1)
}

/** `12:34:56`, or with milliseconds `12:34:56.789`. */
export const formatClock = (ms: number, zone: Zone, withMs = false) => shifted(ms, zone).slice(11, withMs ? 23 : 19)
/** `2026-01-31`. */
export const formatDate = (ms: number, zone: Zone) => shifted(ms, zone).slice(0, 10)
/** `2026-01-31 12:34:56`, or with milliseconds. */
export const formatDateTime = (ms: number, zone: Zone, withMs = false) => `${formatDate(ms, zone)} ${formatClock(ms, zone, withMs)}`

/** The value of a date-time input: `2026-01-31T12:34:56`. */
export const toInput = (ms: number, zone: Zone) => shifted(ms, zone).slice(0, 19)

/** Milliseconds of a date-time input's value, or undefined. */
export function fromInput(text: string, zone: Zone): number | undefined {
  const ms = Date.parse(zone === 'utc' ? `${text}Z` : text)
  return Number.isNaN(ms) ? undefined : ms
}

const steps = [
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
] as const

/** A length of time in its largest whole unit: `4 s`, `12 min`, `3 h`, `2 d`. */
export function formatSpan(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  for (const [name, length] of steps)
    if (seconds >= length * 2 || (name === 'd' && seconds >= length)) return `${Math.floor(seconds / length)} ${name}`
  return `${seconds} s`
}

/** How long ago: `now`, `4 s ago`. Source clocks a little ahead of this page's are now, too. */
export function formatAge(ms: number, nowMs: number): string {
  const age = nowMs - ms
  if (age < -5000) return `in ${formatSpan(-age)}`
  return age < 2000 ? 'now' : `${formatSpan(age)} ago`
}
