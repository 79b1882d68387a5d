// Long work in short slices, so that it never keeps the event loop from everybody else. One for the whole store: however many reads,
// appends and sealings are under way, together they take one slice per turn of the event loop.
const sliceMs = 5

export class TimeSlice {
  #start = -Infinity
  readonly #waiting: (() => void)[] = []

  /** Goes on at once while the slice lasts; afterwards lets others run, and those go on first who have waited longest. */
  async pause(): Promise<void> {
    if (this.#waiting.length === 0 && performance.now() - this.#start < sliceMs) return
    await new Promise<void>((resolve) => {
      if (this.#waiting.push(resolve) === 1) setImmediate(this.#next)
    })
  }

  #next = (): void => {
    this.#start = performance.now()
    this.#waiting.shift()?.()
    if (this.#waiting.length > 0) setImmediate(this.#next)
  }
}
