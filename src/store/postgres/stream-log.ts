// The log of a partition whose rows come from a stream that others write to: they are durable before they come, and the stream is let go of when they are
// committed. Segments are named by the stream's sequences, which mean something to this owner only: the next one begins anew.
import type { RecordLog } from '#store/engine/record-log.ts'

export class StreamLog implements RecordLog {
  readonly #acknowledge: (sequence: number) => Promise<void>
  #applied = 0
  #acknowledged = 0
  #rotatedBytes = 0
  segmentBytes = 0
  readonly damagedRecords = 0

  /** `acknowledge` lets go of the stream up to a sequence; what it throws is said, and it is called again. */
  constructor(acknowledge: (sequence: number) => Promise<void>) {
    this.#acknowledge = acknowledge
  }

  get bytes(): number {
    return this.#rotatedBytes + this.segmentBytes
  }

  /** Counts what is going to be applied. */
  count(bytes: number): void {
    this.segmentBytes += bytes
  }

  /** Everything up to `sequence` is in memory. */
  reached(sequence: number): void {
    this.#applied = Math.max(this.#applied, sequence)
  }

  async start(): Promise<void> {}

  async write(): Promise<void> {}

  async rotate(): Promise<number> {
    this.#rotatedBytes += this.segmentBytes
    this.segmentBytes = 0
    return this.#applied
  }

  async drop(sequence: number): Promise<void> {
    if (sequence <= this.#acknowledged) return
    await this.#acknowledge(sequence)
    this.#acknowledged = sequence
    this.#rotatedBytes = 0
  }

  async close(): Promise<void> {}
}
