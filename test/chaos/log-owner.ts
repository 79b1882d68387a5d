// One owner of partitions for test/chaos/telemetry-log.test.ts: holds leases, reads the log of each partition, and asks its parent, which
// plays the fenced database, to commit what it read before it acknowledges it. Run as: log-owner.ts URL ID PARTITIONS
import { connectNats } from '#bus/nats/connect.ts'
import type { Lease } from '#bus/nats/held-lease.ts'
import { Leases } from '#bus/nats/leases.ts'
import { PartitionLog } from '#bus/nats/partition-log.ts'
import { joinPresence } from '#bus/nats/presence.ts'
import { systemClock } from '#core/clock.ts'

export interface Commit {
  readonly request: number
  readonly owner: string
  readonly partition: number
  readonly token: number
  /** Source and its sequence of each entry, in order. */
  readonly entries: readonly (readonly [string, number])[]
}

export interface Committed {
  readonly request: number
  readonly accepted: boolean
}

const [url = '', id = '', partitions = '0'] = process.argv.slice(2)
const clock = systemClock
const log = { info: () => {}, warn: (message: string) => console.error(`${id}: ${message}`) }
const link = await connectNats({ url, name: id, clock, log })
const member = { role: 'writer', id, host: 'test', pid: process.pid, version: '0', addresses: [] }
const presence = await joinPresence({ link, clock, log, member, heartbeatMs: 500 })

const answers = new Map<number, (accepted: boolean) => void>()
process.on('message', ({ request, accepted }: Committed) => {
  answers.get(request)?.(accepted)
  answers.delete(request)
})
let requests = 0
function commit(partition: number, token: number, entries: Commit['entries']): Promise<boolean> {
  const request = ++requests
  process.send?.({ request, owner: id, partition, token, entries } satisfies Commit)
  return new Promise((resolve) => answers.set(request, resolve))
}

const logs = new Map<number, PartitionLog>()
async function stop({ partition }: Lease): Promise<void> {
  await logs.get(partition)?.stop()
  logs.delete(partition)
}

const leases = new Leases({
  link,
  clock,
  log,
  group: 'writer',
  id,
  partitions: Number(partitions),
  ttlMs: 3_000,
  members: () => presence.members('writer').map((member) => member.id),
  taken: async ({ partition, token, signal }) => {
    const reader: PartitionLog = new PartitionLog({
      link,
      partition,
      token,
      clock,
      log,
      take: async (entries) => {
        const named = entries.map(({ delivery }) => [delivery.origin?.source ?? '', delivery.origin?.sequence ?? 0] as const)
        if (signal.aborted || !(await commit(partition, token, named))) return
        // Some stay unacknowledged for a while, as those do that a writer has in memory.
        const last = entries.at(-1)?.sequence ?? 0
        if (last % 3 === 0) await reader.acknowledge(last)
      },
      superseded: () => {},
    })
    logs.set(partition, reader)
    reader.start()
  },
  handOver: stop,
  lost: stop,
})
await leases.start()
process.send?.('ready')
process.on('disconnect', () => process.exit())
