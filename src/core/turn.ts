// Long work on the event loop, taken in turns: when one has lasted long enough, everybody else gets theirs.

/** How long one turn may last; shorter than anybody notices. */
const turnMs = 8

export class Turn {
  #began = performance.now()

  get isOver(): boolean {
    return performance.now() - this.#began > turnMs
  }

  /** Resolves when all others who wait for the event loop had their turn. */
  async next(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
    this.#began = performance.now()
  }
}
