// How stages of one installation meet: what has been stored is published, whoever cares listens.
import type { Batch } from './batch.ts'

export interface Topics {
  /** Batches after their durable commit. */
  stored: Batch
}

export interface Bus {
  publish<Topic extends keyof Topics>(topic: Topic, message: Topics[Topic]): void
  /** Calls `listener` for each message, in order; the returned function ends it. A throwing listener harms nobody else. */
  subscribe<Topic extends keyof Topics>(topic: Topic, listener: (message: Topics[Topic]) => void): () => void
}
