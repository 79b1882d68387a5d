// The log in front of a shelf: what keeps the rows that are not sealed yet. A local file, or a stream that others write to as well.
import type { Delivery } from '#core/store.ts'
import type { Awaitable } from './shelf.ts'

export interface RecordLog {
  /** Gives `replay` all that is behind `sealed`, oldest first, and lets go of the rest. */
  start(sealed: number, replay: (deliveries: Delivery[]) => Awaitable<void>): Promise<void>
  /** Makes deliveries durable as one. On failure nothing of them stays, and `RetryLater` says why. One call at a time. */
  write(deliveries: readonly Delivery[]): Promise<void>
  /** Ends the segment that is being written and returns its number: what is written from here on is in a later one. Not while `write` runs. */
  rotate(): Promise<number>
  /** Lets go of the segments up to `segment`: their content is sealed. */
  drop(segment: number): Promise<void>
  close(): Promise<void>
  /** Bytes of all segments, and of the one that is being written. */
  readonly bytes: number
  readonly segmentBytes: number
  /** Damaged records that replay had to skip. */
  readonly damagedRecords: number
}
