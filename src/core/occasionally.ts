// Log lines that hostile or broken peers can cause at will: at most one per period, with a count of those left out.
import type { Clock } from './clock.ts'
import type { Log } from './driver.ts'
import { secondUs } from './time.ts'

const periodUs = 10 * secondUs

/** A function that warns, at most every ten seconds. */
export function occasionally({ clock, log }: { clock: Clock; log: Pick<Log, 'warn'> }): (message: string) => void {
  let last = -Infinity
  let omitted = 0
  return (message) => {
    const now = clock.now()
    // A clock that was set back must not silence the log until it has caught up.
    if (Math.abs(now - last) < periodUs) {
      omitted++
      return
    }
    log.warn(omitted > 0 ? `${message} (and ${omitted} such events before)` : message)
    last = now
    omitted = 0
  }
}
