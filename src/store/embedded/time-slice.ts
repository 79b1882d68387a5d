// Long work in short slices, so that it never keeps the event loop from everybody else.
import { setImmediate } from 'node:timers/promises'

const sliceMs = 5

export class TimeSlice {
  #start = performance.now()

  /** Lets others run when this slice has lasted long enough; otherwise goes on at once. */
  async pause(): Promise<void> {
    if (performance.now() - this.#start < sliceMs) return
    await setImmediate()
    this.#start = performance.now()
  }
}
