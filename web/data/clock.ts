// The page's clock: one tick per second for every age and countdown, and the choice between UTC and local time.
import { useSyncExternalStore } from 'react'
import { formatDate, type Zone } from './time-format.ts'

const tickMs = 1000
const listeners = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined
let nowMs = Date.now()

function tick() {
  nowMs = Date.now()
  for (const listener of listeners) listener()
}

function update() {
  clearInterval(timer)
  timer = undefined
  if (listeners.size === 0 || document.hidden) return
  tick()
  timer = setInterval(tick, tickMs)
}
document.addEventListener('visibilitychange', update)

function listen(changed: () => void) {
  listeners.add(changed)
  if (listeners.size === 1) update()
  return () => {
    listeners.delete(changed)
    if (listeners.size === 0) update()
  }
}

/** The time in milliseconds, renewed every second while the page is visible. */
export const useNow = () => useSyncExternalStore(listen, () => nowMs)

/** The date now, e.g. `2026-01-31`; renders anew at midnight only. */
export const useToday = (zone: Zone) => useSyncExternalStore(listen, () => formatDate(nowMs, zone))

const zoneKey = 'millwright.zone'
const zoneListeners = new Set<() => void>()
let zone: Zone = window.localStorage.getItem(zoneKey) === 'utc' ? 'utc' : 'local'

export function setZone(chosen: Zone): void {
  zone = chosen
  window.localStorage.setItem(zoneKey, chosen)
  for (const listener of zoneListeners) listener()
}

export const useZone = () =>
  useSyncExternalStore(
    (changed) => {
      zoneListeners.add(changed)
      return () => zoneListeners.delete(changed)
    },
    () => zone,
  )
