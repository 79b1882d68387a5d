// What a query has spent: samples, values, time. It also lets everybody else run in between.
import type { Clock } from '#core/clock.ts'
import { Turn } from '#core/turn.ts'
import { NotEvaluated, TookTooLong } from './failure.ts'
import type { Limits } from './limits.ts'

/** How much work passes between two looks at the time. */
const workPerLook = 10_000

export class Budget {
  readonly limits: Limits
  readonly #clock: Clock
  readonly #signal: AbortSignal | undefined
  readonly #timeLimitMs: number
  readonly #endMs: number
  readonly #turn = new Turn()
  #work = 0
  #samples = 0
  #values = 0

  constructor(
    limits: Limits,
    clock: Clock,
    { timeoutMs = Infinity, signal }: { timeoutMs?: number | undefined; signal?: AbortSignal | undefined },
  ) {
    this.limits = limits
    this.#clock = clock
    this.#signal = signal
    this.#timeLimitMs = Math.min(limits.timeLimitMs, timeoutMs)
    this.#endMs = clock.elapsedMs() + this.#timeLimitMs
  }

  /** Accounts for work, in samples looked at. What comes back, if anything, has to be awaited. */
  spend(work: number): Promise<void> | undefined {
    this.#work += work
    if (this.#work < workPerLook) return undefined
    this.#work = 0
    return this.#turn.isOver ? this.#pause() : undefined
  }

  /** Accounts for samples read from the store. */
  samples(count: number): void {
    this.check()
    this.#samples += count
    const { samplesMax } = this.limits
    if (this.#samples > samplesMax)
      throw new NotEvaluated(`the query reads more than ${samplesMax} samples; ask for fewer series or less time`)
  }

  /** Accounts for values to be computed. */
  values(count: number): void {
    this.#values += count
    const { valuesMax } = this.limits
    if (this.#values > valuesMax)
      throw new NotEvaluated(`the query computes more than ${valuesMax} values; ask for fewer series or a longer step`)
  }

  /** Throws when the time is over or nobody waits for the answer any more. */
  check(): void {
    if (this.#signal?.aborted) throw new TookTooLong('the question was withdrawn')
    if (this.#clock.elapsedMs() > this.#endMs)
      throw new TookTooLong(`the query took longer than ${this.#timeLimitMs / 1000} s; ask for fewer series or less time`)
  }

  async #pause(): Promise<void> {
    await this.#turn.next()
    this.check()
  }
}
