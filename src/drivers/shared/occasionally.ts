// Log lines that hostile or broken peers can cause at will: at most one per period, with a count of those left out.
import type { DriverContext } from '#core/driver.ts'
import { secondUs } from '#core/time.ts'

const periodUs = 10 * secondUs

/** A function that warns, at most every ten seconds. */
export function occasionally({ clock, log }: Pick<DriverContext, 'clock' | 'log'>): (message: string) => void {
  let next = 0
  let omitted = 0
  return (message) => {
    if (clock.now() < next) {
      omitted++
      return
    }
    log.warn(omitted > 0 ? `${message} (and ${omitted} such events before)` : message)
    next = clock.now() + periodUs
    omitted = 0
  }
}
