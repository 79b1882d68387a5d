import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { jetstreamManager } from '@nats-io/jetstream'
import { expect, test, vi } from 'vitest'
import { partitionOf } from '#bus/nats/partition.ts'
import { createStreamAppender } from '#bus/nats/stream-appender.ts'
import { openTelemetryLog, streamOf } from '#bus/nats/telemetry-log.ts'
import { batchOf } from '#core/batch.ts'
import { sleep, systemClock } from '#core/clock.ts'
import { RetryLater } from '#core/errors.ts'
import { linkTo } from '#test/support/nats-link.ts'
import { startNatsCluster } from '#test/support/nats.ts'
import type { Commit, Committed } from './log-owner.ts'

const partitions = 4
const ownerPath = fileURLToPath(new URL('log-owner.ts', import.meta.url))
/** An outbox sends so often. */
const paceMs = 10
const patience = { timeout: 120_000, interval: 100 }

/** A machine in each partition, so that every batch has a row in each. */
const machines = Array.from({ length: partitions }, (_, partition) => {
  for (let machine = 0; ; machine++) if (partitionOf(`m${machine}/x`, partitions) === partition) return `m${machine}/x`
})

/** A database that takes commits of the highest token only, and each sequence of a source once; it notes whatever is missing. */
function makeDatabase() {
  const tokens = new Map<number, number>()
  const newest = new Map<string, number>()
  const faults: string[] = []
  const owners = new Map<number, string>()
  let repetitions = 0
  let refused = 0
  return {
    faults,
    owners,
    counts: () => ({ repetitions, refused }),
    newest: (partition: number, source: string) => newest.get(`${partition}/${source}`) ?? 0,
    commit({ partition, token, owner, entries }: Commit): boolean {
      if (token < (tokens.get(partition) ?? 0)) {
        refused += 1
        return false
      }
      tokens.set(partition, token)
      owners.set(partition, owner)
      for (const [source, sequence] of entries) {
        const key = `${partition}/${source}`
        const before = newest.get(key) ?? 0
        if (sequence > before + 1) faults.push(`partition ${partition}: ${source} ${sequence} came after ${before}`)
        if (sequence <= before) repetitions += 1
        else newest.set(key, sequence)
      }
      return true
    },
  }
}

test('Owners killed, frozen and waking up, and servers of NATS killed: every acknowledged row is committed once and in order', async () => {
  await using cluster = await startNatsCluster()
  await using link = await linkTo(cluster.url)
  await openTelemetryLog({ link, clock: systemClock, log: link.log, partitions, replicas: 3 })
  const database = makeDatabase()
  const children = new Set<ChildProcess>()
  const startOwner = async (id: string) => {
    const child = fork(ownerPath, [cluster.url, id, String(partitions)])
    children.add(child)
    const ready = Promise.withResolvers<void>()
    child.on('message', (message: Commit | 'ready') => {
      if (message === 'ready') return ready.resolve()
      const accepted = database.commit(message)
      if (child.connected) child.send({ request: message.request, accepted } satisfies Committed, () => {})
    })
    await ready.promise
    return child
  }
  const kill = async (child: ChildProcess) => {
    child.kill('SIGKILL')
    await once(child, 'exit')
    children.delete(child)
  }
  const ownersNow = () => [...database.owners.values()]

  const sending = new AbortController()
  const acknowledged = new Map<string, number>()
  /** An outbox that sends in order, and the same again through another ingest when it was not acknowledged. */
  const send = async (source: string) => {
    await using second = await linkTo(cluster.url)
    const ingests = [link, second].map((ingest) => createStreamAppender({ link: ingest, partitions }))
    for (let sequence = 1, turn = 0; !sending.signal.aborted || turn > 0; ) {
      const deliveries = [sequence, sequence + 1, sequence + 2].map((number) => ({
        batch: batchOf(machines.map((tag) => ({ tag, time: number, value: number }))),
        origin: { source, sequence: number },
      }))
      try {
        await ingests[turn % 2]?.append(deliveries)
        sequence += 3
        turn = 0
        acknowledged.set(source, sequence - 1)
      } catch (error) {
        expect(error).toBeInstanceOf(RetryLater)
        turn += 1
      }
      await sleep(systemClock, paceMs)
    }
  }
  /** Waits until so much more has been acknowledged and committed everywhere. */
  const flow = (more: number) => {
    const goal = Math.max(...acknowledged.values(), 0) + more
    return vi.waitFor(() => {
      for (let partition = 0; partition < partitions; partition++) expect(database.newest(partition, 'box-1')).toBeGreaterThanOrEqual(goal)
    }, patience)
  }

  try {
    const sources = ['box-1', 'box-2'].map((source) => send(source))
    const first = await startOwner('first')
    await startOwner('second')
    await vi.waitFor(() => expect(new Set(ownersNow())).toEqual(new Set(['first', 'second'])), patience)
    await flow(60)

    await kill(first)
    await vi.waitFor(() => expect(ownersNow()).toEqual(['second', 'second', 'second', 'second']), patience)
    await flow(60)

    const third = await startOwner('third')
    await vi.waitFor(() => expect(ownersNow()).toContain('third'), patience)
    third.kill('SIGSTOP')
    await vi.waitFor(() => expect(ownersNow()).not.toContain('third'), patience)
    third.kill('SIGCONT')
    await vi.waitFor(() => expect(ownersNow()).toContain('third'), patience)
    await flow(60)

    const jsm = await jetstreamManager(link.connection)
    for (const partition of [0, 1]) {
      const { cluster: raft } = await jsm.streams.info(streamOf(partition))
      const leader = cluster.named(raft?.leader ?? '')
      await leader.kill()
      await flow(60)
      await leader.start()
      await flow(60)
    }

    sending.abort()
    await Promise.all(sources)
    await vi.waitFor(() => {
      for (const [source, last] of acknowledged)
        for (let partition = 0; partition < partitions; partition++) expect(database.newest(partition, source)).toBe(last)
    }, patience)
    expect(database.faults).toEqual([])
    console.log(`${[...acknowledged.values()].join(' and ')} batches in each of ${partitions} partitions`, database.counts())
  } finally {
    sending.abort()
    for (const child of children) child.kill('SIGKILL')
  }
}, 600_000)
