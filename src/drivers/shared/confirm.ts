// Confirms messages in groups: one `durable()` serves every message that was taken before it began, and there is one at a time.
// The bytes taken but not yet durable have a bound; a driver stops reading while it is reached.
import type { Sink } from '#core/driver.ts'

/** Added to each message's size: what its bookkeeping takes. */
const overheadBytes = 500

export class Confirmations {
  #sink: Pick<Sink, 'durable'>
  #bytesMax: number
  #onRoom: () => void
  #waiting: ((error?: Error) => void)[] = []
  #waitingBytes = 0
  #bytes = 0
  #running = false
  #failed = false
  #trying: Promise<Error | undefined> | undefined

  /** `onRoom` is called when the bound was reached and is no more. */
  constructor(sink: Pick<Sink, 'durable'>, bytesMax: number, onRoom: () => void = () => {}) {
    this.#sink = sink
    this.#bytesMax = bytesMax
    this.#onRoom = onRoom
  }

  get full(): boolean {
    return this.#bytes >= this.#bytesMax
  }

  /** Whether nothing waits for its confirmation. */
  get idle(): boolean {
    return !this.#running
  }

  /**
   * Why a message cannot be kept now, found out before it is read: what is recorded and then refused comes again, with another time of
   * arrival. Undefined, at once, as long as nothing has failed.
   */
  refusal(): Promise<Error | undefined> | undefined {
    if (!this.#failed) return undefined
    this.#trying ??= this.#durable().finally(() => (this.#trying = undefined))
    return this.#trying
  }

  /** Calls `confirm` once what the message gave to the sink is durable, or with the reason why it cannot be. */
  add(bytes: number, confirm: (error?: Error) => void): void {
    this.#waiting.push(confirm)
    this.#waitingBytes += bytes + overheadBytes
    this.#bytes += bytes + overheadBytes
    if (this.#running) return
    this.#running = true
    queueMicrotask(() => void this.#run())
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#waiting
      const bytes = this.#waitingBytes
      this.#waiting = []
      this.#waitingBytes = 0
      const error = await this.#durable()
      const wasFull = this.full
      this.#bytes -= bytes
      for (const confirm of group) confirm(error)
      if (wasFull && !this.full) this.#onRoom()
    }
    this.#running = false
  }

  async #durable(): Promise<Error | undefined> {
    const error = await this.#sink.durable().then(
      () => undefined,
      (reason: unknown) => (reason instanceof Error ? reason : new Error(String(reason))),
    )
    this.#failed = error !== undefined
    return error
  }
}
