// Durations as people write them: 500ms, 15m, 1.5h, 7d.
import { dayUs, hourUs, minuteUs, secondUs, type Micros } from './time.ts'

const unitsUs: Record<string, number> = { us: 1, ms: 1000, s: secondUs, m: minuteUs, min: minuteUs, h: hourUs, d: dayUs, w: 7 * dayUs }

/** Reads `500ms`, `1s`, `1.5h`, `2d` as microseconds, or undefined. `m` is a minute. */
export function parseDuration(text: string): Micros | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*(us|ms|s|min|m|h|d|w)$/.exec(text.trim())
  return match ? Math.round(Number(match[1]) * (unitsUs[match[2] as string] as number)) : undefined
}
