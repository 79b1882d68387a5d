import { randomUUID } from 'node:crypto'
import { jetstreamManager } from '@nats-io/jetstream'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { batchOf } from '#core/batch.ts'
import { systemClock } from '#core/clock.ts'
import { Overloaded, Rejected, RetryLater } from '#core/errors.ts'
import type { Delivery } from '#core/store.ts'
import { linkTo, type TestLink } from '#test/support/nats-link.ts'
import { cableTo, startNats, type NatsServer } from '#test/support/nats.ts'
import { decodeLogMessage } from './log-message.ts'
import { partitionOf } from './partition.ts'
import { createStreamAppender } from './stream-appender.ts'
import { openTelemetryLog, streamOf } from './telemetry-log.ts'

const partitions = 4
let server: NatsServer
let link: TestLink
/** Another outbox for each test: JetStream remembers what came from one. */
let box: string

beforeAll(async () => {
  server = await startNats()
})
afterAll(() => server[Symbol.asyncDispose]())
beforeEach(async () => {
  box = randomUUID()
  link = await linkTo(server.url)
  await openTelemetryLog({ link, clock: systemClock, log: link.log, partitions, bytesMax: 64 << 20 })
  const jsm = await jetstreamManager(link.connection)
  for (let partition = 0; partition < partitions; partition++) await jsm.streams.purge(streamOf(partition))
  return () => link.close()
})

const all = { stored: 0, duplicates: 0, replaced: 0, expired: 0 }
/** A row for each of so many machines. */
const rows = (machines: number, time: number) =>
  batchOf(Array.from({ length: machines }, (_, machine) => ({ tag: `m${machine}/x`, time, value: machine })))
const from = (source: string, sequence: number, batch = rows(8, sequence)): Delivery => ({ batch, origin: { source, sequence } })

/** The deliveries in each partition, in the order of the log. */
async function logged(): Promise<Delivery[][]> {
  const jsm = await jetstreamManager(link.connection)
  return Promise.all(
    Array.from({ length: partitions }, async (_, partition) => {
      const { state } = await jsm.streams.info(streamOf(partition))
      const found: Delivery[] = []
      for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
        const message = await jsm.streams.getMessage(streamOf(partition), { seq })
        if (message) found.push(...decodeLogMessage({ headers: message.header, data: message.data }))
      }
      return found
    }),
  )
}

test('Every row lies in the log of its partition, with the number of its source and in the order of the source', async () => {
  const appender = createStreamAppender({ link, partitions })
  const results = await appender.append([from(box, 1), from(box, 2), { batch: rows(8, 50) }, from(`other-${box}`, 7), from(box, 3)])
  expect(results).toEqual(Array.from({ length: 5 }, () => ({ ...all, stored: 8 })))
  const log = await logged()
  for (const [partition, deliveries] of log.entries()) {
    for (const { batch } of deliveries) for (const tag of batch.tags) expect(partitionOf(tag, partitions)).toBe(partition)
    const numbersOf = (source: string) => deliveries.flatMap(({ origin }) => (origin?.source === source ? [origin.sequence] : []))
    expect(numbersOf(box)).toEqual([1, 2, 3])
    expect(numbersOf(`other-${box}`)).toEqual([7])
  }
  expect(log.flat().reduce((sum, { batch }) => sum + batch.count, 0)).toBe(40)
  expect(appender.bytesInFlight()).toBe(0)
})

test('What was sent before counts as duplicate, from whichever process it comes; rows without a number are stored again', async () => {
  await using second = await linkTo(server.url)
  const [one, two] = [createStreamAppender({ link, partitions }), createStreamAppender({ link: second, partitions })]
  await one.append([from(box, 1)])
  expect(await two.append([from(box, 1)])).toEqual([{ ...all, duplicates: 8 }])
  expect(await two.append([from(box, 1), from(box, 2)])).toEqual([
    { ...all, stored: 8 },
    { ...all, stored: 8 },
  ])
  const post = [{ batch: rows(8, 9) }]
  expect(await one.append(post)).toEqual([{ ...all, stored: 8 }])
  expect(await one.append(post)).toEqual([{ ...all, stored: 8 }])
})

test('A batch larger than a message is split, and only its last part carries the number', async () => {
  const wide = batchOf(Array.from({ length: 100_000 }, (_, time) => ({ tag: 'm1/x', time, value: Math.sqrt(time) })))
  const text = 'ü'.repeat(16_000)
  const long = batchOf(Array.from({ length: 200 }, (_, time) => ({ tag: 'm1/text', time, value: `${time}${text}` })))
  const appender = createStreamAppender({ link, partitions })
  expect(await appender.append([from(box, 1, wide), from(box, 2, long)])).toEqual([
    { ...all, stored: 100_000 },
    { ...all, stored: 200 },
  ])
  const deliveries = (await logged())[partitionOf('m1/x', partitions)] ?? []
  expect(deliveries.length).toBeGreaterThan(10)
  const times = deliveries.flatMap(({ batch }) => (batch.tags[0] === 'm1/x' ? Array.from(batch.time) : []))
  expect(times).toEqual(Array.from({ length: 100_000 }, (_, time) => time))
  const numbers = deliveries.flatMap(({ origin }, index) => (origin ? [{ index, ...origin }] : []))
  expect(numbers.map(({ sequence }) => sequence)).toEqual([1, 2])
  expect(numbers.at(-1)?.index).toBe(deliveries.length - 1)
  expect(deliveries.at(-1)?.batch.texts.at(-1)).toBe(`199${text}`)
})

test('A sample that is too large for NATS is refused with the mend, and nothing beside it is stored', async () => {
  const array = { shape: [512, 1024], data: new Float32Array(512 * 1024) }
  const appended = createStreamAppender({ link, partitions }).append([
    from(box, 1),
    { batch: batchOf([{ tag: 'm1/field', time: 1, value: array }]) },
  ])
  await expect(appended).rejects.toThrow(Rejected)
  await expect(appended).rejects.toThrow(/a sample of m1\/field takes 20\d+ bytes, and NATS lets \d+ through: raise max_payload/)
  expect((await logged()).flat()).toEqual([])
})

test('A full log is back-pressure: nothing is dropped, and appending works again when the writers have caught up', async () => {
  const appender = createStreamAppender({ link, partitions })
  const noise = (sequence: number) =>
    from(box, sequence, batchOf(Array.from({ length: 20_000 }, (_, time) => ({ tag: 'm1/x', time, value: Math.random() }))))
  let taken = 0
  const fill = async () => {
    for (;;) await appender.append([noise(taken + 1)]).then(() => (taken += 1))
  }
  await expect(fill()).rejects.toThrow(Overloaded)
  await expect(fill()).rejects.toThrow(/the telemetry log of partition \d is full: the writers do not keep up/)
  expect(taken).toBeGreaterThan(20)
  const jsm = await jetstreamManager(link.connection)
  const stream = streamOf(partitionOf('m1/x', partitions))
  const { state } = await jsm.streams.info(stream)
  await jsm.streams.purge(stream, { seq: state.first_seq + 10 })
  expect(await appender.append([noise(taken + 1)])).toEqual([{ ...all, stored: 20_000 }])
})

test('More than may be under way is refused at once', async () => {
  const appender = createStreamAppender({ link, partitions, bytesInFlightMax: 100 })
  const first = appender.append([from(box, 1)])
  await expect(appender.append([from(`other-${box}`, 1)])).rejects.toThrow(Overloaded)
  await first
  expect(await appender.append([from(`other-${box}`, 1)])).toEqual([{ ...all, stored: 8 }])
})

test('When NATS is gone the sender is told to repeat, and the repetition is stored once', async () => {
  await using cable = await cableTo(server.port)
  await using cut = await linkTo(cable.url)
  const appender = createStreamAppender({ link: cut, partitions })
  await appender.append([from(box, 1)])
  const under = appender.append([from(box, 2)])
  cable.pull()
  await under.catch((error: unknown) => expect(error).toBeInstanceOf(RetryLater))
  await vi.waitFor(() => expect(cut.connected()).toBe(false))
  await expect(appender.append([from(box, 2)])).rejects.toThrow(/NATS cannot be reached/)
  cable.plug()
  await vi.waitFor(() => expect(cut.connected()).toBe(true), 10_000)
  await appender.append([from(box, 2)])
  for (const deliveries of await logged()) expect(deliveries.map(({ origin }) => origin?.sequence)).toEqual([1, 2])
})

test('Without its stream an append is refused for now, not lost', async () => {
  await using empty = await startNats()
  await using other = await linkTo(empty.url)
  const appended = createStreamAppender({ link: other, partitions }).append([from(box, 1)])
  await expect(appended).rejects.toThrow(RetryLater)
  await expect(appended).rejects.toThrow(/JetStream has not acknowledged rows of partition/)
})
