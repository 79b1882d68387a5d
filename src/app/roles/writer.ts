// The role writer: takes its fair share of the partitions, brings their rows from the telemetry log into PostgreSQL, and answers for what is
// not there yet.
import type { Lease } from '#bus/nats/held-lease.ts'
import { planOwners } from '#bus/nats/lease-plan.ts'
import { Leases } from '#bus/nats/leases.ts'
import { occasionally } from '#core/occasionally.ts'
import type { HealthCheck } from '#app/health-checks.ts'
import type { Common } from './common.ts'
import { openOwned, type OwnedPartition } from './owned-partition.ts'

export interface Writer {
  /** Takes partitions from now on; the others must see this process already. Throws `ConfigError`. */
  readonly start: () => Promise<void>
  readonly notReady: () => string[]
  readonly check: () => HealthCheck
  readonly figures: () => WriterFigures
  /** Seals and gives back everything; the others must not count on this process any more. */
  readonly stop: () => Promise<void>
}

export interface WriterFigures extends Record<string, number> {
  readonly partitions: number
  readonly caughtUp: number
  /** Messages of the telemetry log still to come. */
  readonly behind: number
  readonly hotRows: number
  /** Rows of another kind than their tag, and batches that could not be stored at all, since the partition was taken. */
  readonly refusedRows: number
  readonly refusedBatches: number
}

export function createWriter(common: Common): Writer {
  const { link, clock, log, partitions, id, members } = common
  const say = occasionally({ clock, log })
  const owned = new Map<number, OwnedPartition>()
  const writerIds = () => members('writer').map((member) => member.id)

  async function take(lease: Lease): Promise<void> {
    const superseded = () => void end(lease.partition).then(() => lease.release())
    owned.set(lease.partition, await openOwned({ common, lease, refused: say, superseded }))
  }

  async function end(partition: number): Promise<void> {
    const ending = owned.get(partition)
    owned.delete(partition)
    await ending?.stop()
  }

  const leases = new Leases({
    link,
    clock,
    log,
    group: 'writer',
    id,
    partitions,
    members: writerIds,
    taken: take,
    handOver: ({ partition }) => end(partition),
    // Nothing that is sealed now can do harm: PostgreSQL takes it only as long as nobody else has the partition.
    lost: ({ partition }) => end(partition),
  })
  const all = () => [...owned.values()]
  const sum = (of: (one: OwnedPartition) => number) => all().reduce((total, one) => total + of(one), 0)
  const figures = () => ({
    partitions: owned.size,
    caughtUp: sum((one) => Number(one.hasCaughtUp())),
    behind: sum((one) => one.behind()),
    hotRows: sum((one) => one.statistics().hotRows),
    refusedRows: sum((one) => one.refused()),
    refusedBatches: sum((one) => one.statistics().rejected),
  })
  const share = () => planOwners(partitions, writerIds()).filter((owner) => owner === id).length

  return {
    start: () => leases.start(),
    notReady() {
      const { partitions: has, caughtUp } = figures()
      if (has < share()) return [`${has} of its ${share()} partitions are taken so far`]
      return caughtUp < has ? [`${has - caughtUp} of its ${has} partitions have not caught up yet`] : []
    },
    check() {
      const { partitions: has, behind, hotRows, refusedRows, refusedBatches } = figures()
      const failure = all()
        .find((one) => one.statistics().sealFailure !== undefined)
        ?.statistics().sealFailure
      const details = [
        `${has} of ${partitions} partitions, ${hotRows} rows in memory, ${behind} messages to come`,
        ...(refusedRows > 0 ? [`${refusedRows} rows were refused: their tag is of another kind`] : []),
        ...(refusedBatches > 0 ? [`${refusedBatches} batches could never be stored`] : []),
        ...(failure === undefined ? [] : [`telemetry cannot be sealed (${failure}); it waits in NATS`]),
      ]
      return { name: 'writer', ok: failure === undefined, detail: details.join('; ') }
    },
    figures,
    async stop() {
      await leases.stop()
      await Promise.all([...owned.keys()].map(end))
    },
  }
}
