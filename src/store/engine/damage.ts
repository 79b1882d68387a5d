// What cannot be read is said once, counted, and costs nothing but itself.
import type { Log } from '#core/driver.ts'

/** Hears of what cannot be read: what it is, and why. */
export type Damage = (what: string, reason: string) => void

export function countDamage(log: Log): { readonly damage: Damage; readonly count: () => number } {
  const found = new Set<string>()
  return {
    damage(what, reason) {
      if (!found.has(what)) log.warn(`${what} cannot be read (${reason}); all else can: restore it from a backup`)
      found.add(what)
    },
    count: () => found.size,
  }
}
