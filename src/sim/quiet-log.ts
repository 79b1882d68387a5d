// Many machines on one broker say the same when it is gone: the log takes it once.
import type { Clock } from '#core/clock.ts'
import type { Log } from '#core/driver.ts'
import type { Micros } from '#core/time.ts'

const silenceMs = 30_000
const messagesRememberedMax = 1000

/** A log that drops what was said already within half a minute. */
export function quietLog(log: Log, clock: Clock): Log {
  const said = new Map<string, Micros>()
  const isNew = (message: string) => {
    const now = clock.now()
    if (now - (said.get(message) ?? -Infinity) < silenceMs * 1000) return false
    if (said.size >= messagesRememberedMax) said.clear()
    said.set(message, now)
    return true
  }
  return {
    info: (message) => {
      if (isNew(message)) log.info(message)
    },
    warn: (message) => {
      if (isNew(message)) log.warn(message)
    },
  }
}
