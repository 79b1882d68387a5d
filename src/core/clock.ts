// Time as a dependency: whatever waits or reads the time gets a Clock, so that tests move it instead of sleeping.
import type { Micros } from './time.ts'

export interface Clock {
  /** Wall-clock time in microseconds since 1970 UTC. */
  now(): Micros
  /** Milliseconds since some moment in this process: for how long something takes, whatever happens to the wall clock. */
  elapsedMs(): number
  /** Runs `act` once after `delayMs`; the returned function cancels it. */
  after(delayMs: number, act: () => void): () => void
}

let anchor = performance.timeOrigin

/** How far the fine clock may stray from the system's before it is set again, e.g. after the system's clock was corrected. */
const strayMsMax = 2

/** The system's clock, with the microseconds that `Date` lacks. */
export const systemClock: Clock = {
  now() {
    const wall = Date.now()
    let fine = performance.now() + anchor
    if (Math.abs(fine - wall - 0.5) > strayMsMax) {
      anchor += wall - fine
      fine = wall
    }
    return Math.round(fine * 1000)
  },
  elapsedMs: () => performance.now(),
  after(delayMs, act) {
    const timer = setTimeout(act, delayMs)
    return () => clearTimeout(timer)
  },
}

/** Resolves after `delayMs`, or at once when the signal aborts. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve()
    const done = () => {
      cancel()
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const cancel = clock.after(delayMs, done)
    signal?.addEventListener('abort', done, { once: true })
  })
}

/** Runs `act` every `periodMs` until the returned function is called; a slow `act` delays the next run and never overlaps. */
export function every(clock: Clock, periodMs: number, act: () => void | Promise<void>): () => void {
  let stopped = false
  let cancel = () => {}
  const schedule = () => {
    cancel = clock.after(periodMs, async () => {
      await act()
      if (!stopped) schedule()
    })
  }
  schedule()
  return () => {
    stopped = true
    cancel()
  }
}

/** A clock that only moves when told to; for tests. */
export class ManualClock implements Clock {
  #now: Micros
  /** What `set` has moved the wall clock by. */
  #setByUs = 0
  #waiting: { at: Micros; act: () => void }[] = []

  constructor(start: Micros = Date.UTC(2026, 0, 1) * 1000) {
    this.#now = start
  }

  now(): Micros {
    return this.#now
  }

  elapsedMs(): number {
    return (this.#now - this.#setByUs) / 1000
  }

  after(delayMs: number, act: () => void): () => void {
    const entry = { at: this.#now + delayMs * 1000, act }
    this.#waiting.push(entry)
    return () => {
      this.#waiting = this.#waiting.filter((other) => other !== entry)
    }
  }

  /** Sets the wall clock; what waits goes on waiting as long as before, as timers do. */
  set(time: Micros): void {
    for (const entry of this.#waiting) entry.at += time - this.#now
    this.#setByUs += time - this.#now
    this.#now = time
  }

  /** Moves time forward, running what falls due in order and letting promises settle in between. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms * 1000
    for (;;) {
      for (let turn = 0; turn < 10; turn++) await Promise.resolve()
      const next = this.#waiting.filter((entry) => entry.at <= end).toSorted((a, b) => a.at - b.at)[0]
      if (!next) break
      this.#waiting = this.#waiting.filter((entry) => entry !== next)
      this.#now = Math.max(this.#now, next.at)
      next.act()
    }
    this.#now = end
    for (let turn = 0; turn < 10; turn++) await Promise.resolve()
  }
}
