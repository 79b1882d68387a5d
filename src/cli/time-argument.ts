// Times and durations as people type them on a command line.
import { InvalidArgumentError } from 'commander'
import { parseDuration } from '#core/duration.ts'
import { parseTime, type Micros } from '#core/time.ts'

/** Reads `now`, `-1h` (before now) or an ISO 8601 time. Throws for anything else, as commander wants it. */
export function timeArgument(text: string, now: Micros = Date.now() * 1000): Micros {
  const relative = /^([+-])(.+)$/.exec(text)
  const distance = relative ? parseDuration(relative[2] as string) : undefined
  const time = text === 'now' ? now : distance === undefined ? parseTime(text) : relative?.[1] === '-' ? now - distance : now + distance
  if (time === undefined) throw new InvalidArgumentError('write an ISO 8601 time, "now", or a time before now such as -1h, -30m, -7d')
  return time
}

/** Reads a duration above zero as microseconds. Throws as commander wants it. */
export function durationArgument(text: string): Micros {
  const duration = parseDuration(text)
  if (duration) return duration
  throw new InvalidArgumentError('write a duration such as 100ms, 1s, 5m, 1h')
}

/** Reads a whole number above zero. Throws as commander wants it. */
export function countArgument(text: string): number {
  const number = Number(text)
  if (Number.isSafeInteger(number) && number > 0) return number
  throw new InvalidArgumentError('write a whole number above zero')
}
