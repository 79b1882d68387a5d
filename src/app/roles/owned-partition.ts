// One partition while this process has its lease: rows go from the log into the store, and others are answered.
import type { Lease } from '#bus/nats/held-lease.ts'
import { PartitionLog, type LogEntry } from '#bus/nats/partition-log.ts'
import { openPartition, type PartitionStatistics } from '#store/postgres/partition-store.ts'
import type { Common } from './common.ts'
import { settleKinds, tellKind } from './kinds.ts'
import { answerFor } from './questions.ts'

export interface OwnedPartition {
  readonly hasCaughtUp: () => boolean
  /** Messages of the log that are still to come, as far as is known. */
  readonly behind: () => number
  readonly statistics: () => PartitionStatistics
  /** Rows left out because they were of another kind than their tag. */
  readonly refused: () => number
  /** Seals what can be sealed and ends. */
  readonly stop: () => Promise<void>
}

export interface OwnedOptions {
  readonly common: Common
  readonly lease: Lease
  /** Hears, in words, of rows that were refused. */
  readonly refused: (message: string) => void
  /** Another process has the partition: nothing more can be stored here. */
  readonly superseded: () => void
}

/** Opens the partition of a lease; it may still have to catch up. Throws `RetryLater` while PostgreSQL is away, `TakenOver`. */
export async function openOwned({ common, lease, refused: say, superseded }: OwnedOptions): Promise<OwnedPartition> {
  const { link, pool, clock, log, plant, partitions } = common
  const { partition, token } = lease
  const quota = (plant.store?.bytesMax ?? Infinity) / partitions
  let refused = 0
  let hasCaughtUp = false
  let isSuperseded = false
  const end = () => {
    isSuperseded = true
    superseded()
  }

  const store = await openPartition({
    pool,
    partition,
    token,
    settings: { clock, log, retention: { rules: plant.retention ?? [], bytesMax: quota } },
    acknowledge: (sequence) => partitionLog.acknowledge(sequence),
    superseded: end,
  })
  const partitionLog = new PartitionLog({ link, partition, token, clock, log, take, superseded: end })

  async function take(given: readonly LogEntry[]): Promise<void> {
    const { entries, others } = settleKinds(given, (path) => store.tag(path)?.kind)
    await store.apply(entries)
    for (const other of others) {
      refused += other.rows
      say(
        `${other.rows} samples of ${other.tag} are left out: they are of kind ${other.given}, and it was ${other.kind} first; send them under another name`,
      )
      tellKind(link, other)
    }
  }

  async function catchUp(): Promise<void> {
    await partitionLog.caughtUp
    store.caughtUp()
    hasCaughtUp = true
  }

  const stopAnswering = answerFor(link, partition, store, () => lease.held() && !isSuperseded)
  partitionLog.start()
  void catchUp()
  return {
    hasCaughtUp: () => hasCaughtUp,
    behind: () => partitionLog.behind,
    statistics: () => store.statistics(),
    refused: () => refused,
    async stop() {
      await partitionLog.stop()
      // Who asks meanwhile is answered until everything can be read from PostgreSQL.
      await store.close()
      stopAnswering()
    },
  }
}
