// The log of a partition whose rows come from a stream that others write to: they are durable before they come, and the stream is let go of when they are
// committed. Segments are named by the stream's sequences, which mean something to this owner only: the next one begins anew.
import type { Delivery } from '#core/store.ts'
import { bytesOf } from '#store/engine/commit-queue.ts'
import type { RecordLog } from '#store/engine/record-log.ts'

export class StreamLog implements RecordLog {
  readonly #acknowledge: (sequence: number) => Promise<void>
  /** Sequences: everything up to it is in memory, is being sealed, is let go of. */
  #applied = 0
  #rotated = 0
  #acknowledged = 0
  #bytes = 0
  #rotatedBytes = 0
  readonly damagedRecords = 0

  /** `acknowledge` lets go of the stream up to a sequence; what it throws is said, and it is called again. */
  constructor(acknowledge: (sequence: number) => Promise<void>) {
    this.#acknowledge = acknowledge
  }

  get bytes(): number {
    return this.#rotatedBytes + this.segmentBytes
  }

  /** Entries that brought nothing new are to be let go of as well, so they count too. */
  get segmentBytes(): number {
    return this.#applied > this.#rotated ? Math.max(this.#bytes, 1) : this.#bytes
  }

  reached(sequence: number): void {
    this.#applied = Math.max(this.#applied, sequence)
  }

  async start(): Promise<void> {}

  async write(deliveries: readonly Delivery[]): Promise<void> {
    this.#bytes += deliveries.reduce((sum, delivery) => sum + bytesOf(delivery), 0)
  }

  async rotate(): Promise<number> {
    this.#rotatedBytes += this.#bytes
    this.#bytes = 0
    return (this.#rotated = this.#applied)
  }

  async drop(sequence: number): Promise<void> {
    if (sequence > this.#acknowledged) await this.#acknowledge(sequence)
    this.#acknowledged = Math.max(this.#acknowledged, sequence)
    this.#rotatedBytes = 0
  }

  async close(): Promise<void> {}
}
