// Durations as Prometheus writes them: 5m, 1h30m, 500ms; the units in falling order, each at most once.
import { dayUs, hourUs, minuteUs, secondUs, type Micros } from '#core/time.ts'

const units = [365 * dayUs, 7 * dayUs, dayUs, hourUs, minuteUs, secondUs, 1000]
const pattern = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/

/** Longest duration; Prometheus' own end of 64-bit nanoseconds. */
export const durationUsMax = 292 * 365 * dayUs

/** A duration in microseconds, or undefined for anything else and for what is too long. */
export function parseDuration(text: string): Micros | undefined {
  const match = text === '' ? null : pattern.exec(text)
  if (!match) return undefined
  const duration = units.reduce((sum, unit, index) => sum + Number(match[index + 1] ?? 0) * unit, 0)
  return duration <= durationUsMax ? duration : undefined
}
