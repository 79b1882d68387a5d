import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { expect, onTestFinished, test, vi } from 'vitest'
import { batchOf } from '#core/batch.ts'
import { systemClock } from '#core/clock.ts'
import { RetryLater } from '#core/errors.ts'
import { linkTo, type TestLink } from '#test/support/nats-link.ts'
import { cableTo, startNats } from '#test/support/nats.ts'
import { PartitionLog, type LogEntry } from './partition-log.ts'
import { createStreamAppender } from './stream-appender.ts'
import { openTelemetryLog, subjectOf } from './telemetry-log.ts'

const patience = { timeout: 30_000, interval: 20 }
const clock = systemClock

/** A log of one partition on a server of its own, and who appends to it. */
async function makeLog() {
  const server = await startNats()
  onTestFinished(() => server[Symbol.asyncDispose]())
  const link = await linkTo(server.url)
  onTestFinished(() => link.close())
  const open = () => openTelemetryLog({ link, clock, log: link.log, partitions: 1 })
  await open()
  const appender = createStreamAppender({ link, partitions: 1 })
  let appended = 0
  return {
    server,
    link,
    open,
    /** Appends so many batches of one row, numbered on from the last. */
    append: async (count: number) => {
      for (let n = 0; n < count; n++) {
        const sequence = appended + 1
        await appender.append([{ batch: batchOf([{ tag: 'm/x', time: sequence, value: sequence }]), origin: { source: 'box', sequence } }])
        appended = sequence
      }
    },
  }
}

/** An owner that keeps what it gets. */
function read(link: TestLink, token: number, take: (entries: readonly LogEntry[]) => Promise<void> = async () => {}) {
  const got: LogEntry[] = []
  const owner = {
    got,
    superseded: false,
    numbers: () => got.map(({ delivery }) => delivery.origin?.sequence),
    log: new PartitionLog({
      link,
      partition: 0,
      token,
      clock,
      log: link.log,
      async take(entries) {
        await take(entries)
        got.push(...entries)
      },
      superseded: () => (owner.superseded = true),
    }),
  }
  owner.log.start()
  onTestFinished(() => owner.log.stop())
  return owner
}

const upTo = (last: number, from = 1) => Array.from({ length: last - from + 1 }, (_, index) => from + index)

test('An owner gets what is not committed yet, in order, hears when it has caught up, and then gets what comes', async () => {
  const { link, append } = await makeLog()
  await append(200)
  const owner = read(link, 1)
  await owner.log.caughtUp
  expect(owner.numbers()).toEqual(upTo(200))
  await append(5)
  await vi.waitFor(() => expect(owner.numbers()).toEqual(upTo(205)), patience)
  expect(owner.log.behind).toBe(0)
})

test('An owner of an empty partition has caught up at once', async () => {
  const { link } = await makeLog()
  await read(link, 1).log.caughtUp
})

test('What was acknowledged is gone, and the next owner gets all the rest exactly in order', async () => {
  const { link, append } = await makeLog()
  await append(100)
  const first = read(link, 1)
  await first.log.caughtUp
  await first.log.acknowledge(first.got[59]?.sequence ?? 0)
  await first.log.stop()
  await append(10)
  const second = read(link, 2)
  await second.log.caughtUp
  expect(second.numbers()).toEqual(upTo(110, 61))
  await second.log.acknowledge(second.got.at(-1)?.sequence ?? 0)
  const third = read(link, 3)
  await third.log.caughtUp
  expect(third.numbers()).toEqual([])
})

test('A new owner stops the old one, whose late acknowledgements still harm nothing', async () => {
  const { server, link, append } = await makeLog()
  await append(10)
  await using oldLink = await linkTo(server.url)
  const old = read(oldLink, 5)
  await old.log.caughtUp
  const next = read(link, 6)
  await vi.waitFor(() => expect(old.superseded).toBe(true), patience)
  expect(oldLink.lines).toEqual(['partition 0 has another owner: its token is 6, ours 5'])
  await append(10)
  await vi.waitFor(() => expect(next.numbers()).toEqual(upTo(20)), patience)
  expect(old.numbers()).toEqual(upTo(10))
  const late = read(oldLink, 4)
  await vi.waitFor(() => expect(late.superseded).toBe(true), patience)
  expect(late.numbers()).toEqual([])
  expect(next.superseded).toBe(false)
})

test('Entries that cannot be taken come again until they can, and nothing overtakes them', async () => {
  const { link, append } = await makeLog()
  await append(10)
  let failures = 2
  const owner = read(link, 1, async () => {
    if (failures-- > 0) throw new RetryLater('the database is away')
  })
  await owner.log.caughtUp
  expect(owner.numbers()).toEqual(upTo(10))
  expect(link.lines).toEqual(['entries of partition 0 cannot be taken: the database is away; trying until they can'])
})

test('Through a killed server and a cut connection every entry comes exactly once, in order', async () => {
  const { server, link, append } = await makeLog()
  await using cable = await cableTo(server.port)
  await using readers = await linkTo(cable.url)
  const owner = read(readers, 1)
  await append(50)
  await vi.waitFor(() => expect(owner.numbers()).toEqual(upTo(50)), patience)
  await owner.log.acknowledge(owner.got[19]?.sequence ?? 0)
  await server.kill()
  await vi.waitFor(() => expect(link.connected()).toBe(false), patience)
  await server.start()
  await vi.waitFor(() => expect(link.connected()).toBe(true), patience)
  await append(50)
  await vi.waitFor(() => expect(owner.numbers()).toEqual(upTo(100)), patience)
  cable.pull()
  await append(50)
  cable.plug()
  await vi.waitFor(() => expect(owner.numbers()).toEqual(upTo(150)), patience)
  await owner.log.acknowledge(owner.got[139]?.sequence ?? 0)
  const next = read(link, 2)
  await next.log.caughtUp
  expect(next.numbers()).toEqual(upTo(150, 141))
})

test('A damaged message is left out and said; those around it come', async () => {
  const { link, append } = await makeLog()
  await append(1)
  await jetstream(link.connection).publish(subjectOf(0), 'rubbish')
  await append(1)
  const owner = read(link, 1)
  await owner.log.caughtUp
  expect(owner.numbers()).toEqual([1, 2])
  expect(link.lines).toEqual([expect.stringMatching(/^message 2 of partition 0 is left out: the frame list ends/)])
})

test('When NATS has lost the log, the owner reads the new one from its beginning, and does not cut it off by old numbers', async () => {
  const { server, link, open, append } = await makeLog()
  await append(100)
  const owner = read(link, 1)
  await owner.log.caughtUp
  await server.kill()
  await rm(join(server.folder, 'jetstream'), { recursive: true })
  await server.start()
  await vi.waitFor(() => expect(link.connected()).toBe(true), patience)
  await open()
  await append(120)
  await vi.waitFor(() => expect(owner.numbers()).toEqual(upTo(220)), patience)
  expect(link.lines).toContainEqual(expect.stringMatching(/^the log of partition 0 is not the one that was read before/))
  expect(owner.got.map(({ sequence }) => sequence)).toEqual(owner.got.map(({ sequence }) => sequence).toSorted((a, b) => a - b))
  const jsm = await jetstreamManager(link.connection)
  const left = async () => (await jsm.streams.info('TELEMETRY-0')).state.messages
  await owner.log.acknowledge(owner.got[99]?.sequence ?? 0)
  expect(await left()).toBe(120)
  await owner.log.acknowledge(owner.got[199]?.sequence ?? 0)
  expect(await left()).toBe(20)
})
