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

const unitSeconds = [
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
  ['s', 1],
] as const

/** A length of time in its two largest units: `42 s`, `1 min 42 s`, `3 h 5 min`, `2 d`. */
export function formatDuration(ms: number): string {
  let rest = Math.max(0, Math.round(ms / 1000))
  const first = unitSeconds.findIndex(([, length]) => rest >= length)
  const parts = unitSeconds.slice(first, first + 2).flatMap(([name, length]) => {
    const count = Math.floor(rest / length)
    rest -= count * length
    return count > 0 ? `${count} ${name}` : []
  })
  return parts.join(' ') || '0 s'
}

/** How far away, in one unit, each from its double on: `90 s`, `12 min`, `3 h`, `5 days`, `7 months`, `6.7 years`. */
function formatDistance(ms: number): string {
  const days = ms / 86_400_000
  if (days >= 730) return `${(days / 365.25).toFixed(1)} years`
  if (days >= 61) return `${Math.floor(days / 30.44)} months`
  if (days >= 2) return `${Math.floor(days)} days`
  if (ms >= 7_200_000) return `${Math.floor(ms / 3_600_000)} h`
  return ms >= 120_000 ? `${Math.floor(ms / 60_000)} min` : `${Math.round(ms / 1000)} s`
}

/** What is so near is now: values that come every two or three seconds shall not flicker between "now" and "2 s ago". */
const nowMs = 5000

/** How long ago: `now`, `12 s ago`. Source clocks a little ahead of this page's are now, too. */
export function formatAge(ms: number, currentMs: number): string {
  const age = currentMs - ms
  if (Math.abs(age) < nowMs) return 'now'
  return age < 0 ? `in ${formatDistance(-age)}` : `${formatDistance(age)} ago`
}
