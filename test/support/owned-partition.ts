// A partition of the telemetry with its stream, as the processes of a plant have it, in one: what was appended stays in the stream until the owner has
// committed it, and whoever takes over gets the rest.
import type { Pool } from 'pg'
import type { Delivery } from '#core/store.ts'
import type { EngineSettings } from '#store/engine/engine.ts'
import { openPartition, type PartitionEntry, type PartitionStore } from '#store/postgres/partition-store.ts'

export class OwnedPartition {
  readonly #pool: Pool
  readonly #partition: number
  readonly #settings: Partial<EngineSettings>
  #token = 0
  #sequence = 0
  #owner: PartitionStore | undefined
  /** What is in the stream. */
  entries: PartitionEntry[] = []
  /** How often an owner heard that it is one no more. */
  superseded = 0

  constructor(pool: Pool, partition: number, settings: Partial<EngineSettings> = {}) {
    this.#pool = pool
    this.#partition = partition
    this.#settings = settings
  }

  get owner(): PartitionStore {
    return this.#owner as PartitionStore
  }

  /** Opens it with a new owner; the one before knows nothing of it, and is the result. */
  async takeOver(): Promise<PartitionStore | undefined> {
    const before = this.#owner
    this.#owner = await openPartition({
      pool: this.#pool,
      partition: this.#partition,
      token: ++this.#token,
      settings: this.#settings,
      acknowledge: async (sequence) => void (this.entries = this.entries.filter((entry) => entry.sequence > sequence)),
      superseded: () => void this.superseded++,
    })
    await this.#owner.apply(this.entries)
    this.#owner.caughtUp()
    return before
  }

  async append(delivery: Delivery): Promise<void> {
    const entry = { sequence: ++this.#sequence, delivery }
    this.entries.push(entry)
    await this.owner.apply([entry])
  }
}
