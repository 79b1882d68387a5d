import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { ManualClock, systemClock, type Clock } from '#core/clock.ts'
import { linkTo, type TestLink } from '#test/support/nats-link.ts'
import { cableTo, startNats, type NatsServer } from '#test/support/nats.ts'
import type { Lease } from './held-lease.ts'
import { Leases, type LeasesOptions } from './leases.ts'

const partitions = 6
const ttlMs = 1_500
const patience = { timeout: 30_000, interval: 20 }
let server: NatsServer
let link: TestLink
/** Who is there; each test says who comes and goes. */
let members: string[]
/** What happened to whom, in order. */
let events: string[]

beforeEach(async () => {
  server = await startNats()
  link = await linkTo(server.url)
  members = []
  events = []
})
afterEach(async () => {
  await link.close()
  await server[Symbol.asyncDispose]()
})

interface Owner {
  readonly leases: Leases
  readonly tokens: Map<number, number[]>
}

/** A process that joins and takes its share. */
async function join(id: string, options: Partial<LeasesOptions> = {}): Promise<Owner> {
  members = [...members, id]
  const tokens = new Map<number, number[]>()
  const note = (what: string) => async (lease: Lease) => void events.push(`${id} ${what} ${lease.partition}`)
  const leases = new Leases({
    link,
    clock: systemClock,
    log: link.log,
    group: 'writer',
    id,
    partitions,
    ttlMs,
    members: () => members,
    handOver: note('flushes'),
    lost: note('loses'),
    ...options,
    async taken(lease) {
      await note('takes')(lease)
      tokens.set(lease.partition, [...(tokens.get(lease.partition) ?? []), lease.token])
      await options.taken?.(lease)
    },
  })
  await leases.start()
  onTestFinished(() => leases.stop())
  return { leases, tokens }
}

const shareOf = ({ leases }: Owner) => leases.held().length
const partitionsOf = (...owners: Owner[]) =>
  owners.flatMap(({ leases }) => leases.held().map(({ partition }) => partition)).toSorted((a, b) => a - b)
const every = [0, 1, 2, 3, 4, 5]

test('One process takes everything; when another joins, its share is flushed and handed over', async () => {
  const first = await join('first')
  expect(partitionsOf(first)).toEqual(every)
  const second = await join('second')
  await vi.waitFor(() => expect([shareOf(first), shareOf(second)]).toEqual([3, 3]), patience)
  expect(partitionsOf(first, second)).toEqual(every)
  for (const { partition } of second.leases.held()) {
    expect(events.indexOf(`first flushes ${partition}`)).toBeGreaterThanOrEqual(0)
    expect(events.indexOf(`second takes ${partition}`)).toBeGreaterThan(events.indexOf(`first flushes ${partition}`))
    expect(second.tokens.get(partition)?.[0]).toBeGreaterThan(first.tokens.get(partition)?.[0] ?? Infinity)
  }
  expect(events.filter((event) => event.includes('loses'))).toEqual([])
})

test('A lease holds until the flush has ended, however long it takes, and is taken only then', async () => {
  const flush = Promise.withResolvers<void>()
  const first = await join('first', { handOver: () => flush.promise })
  let looks = 0
  const second = await join('second', { members: () => (looks++, members) })
  // Six looks are as long as a lease lives without being renewed.
  await vi.waitFor(() => expect(looks).toBeGreaterThan(12), patience)
  expect(partitionsOf(first)).toEqual(every)
  expect(shareOf(second)).toBe(0)
  flush.resolve()
  await vi.waitFor(() => expect([shareOf(first), shareOf(second)]).toEqual([3, 3]), patience)
})

test('Processes that start at once share evenly and no partition has two owners', async () => {
  const owners = await Promise.all(['a', 'b', 'c'].map((id) => join(id)))
  await vi.waitFor(() => expect(owners.map(shareOf)).toEqual([2, 2, 2]), patience)
  expect(partitionsOf(...owners)).toEqual(every)
})

test('A process cut off from NATS knows that it is out before another takes over, and comes back with higher tokens', async () => {
  await using cable = await cableTo(server.port)
  await using cutLink = await linkTo(cable.url)
  const cut = await join('cut', { link: cutLink, members: () => ['cut'] })
  const leases = cut.leases.held()
  expect(leases).toHaveLength(partitions)
  const other = await join('other', { members: () => ['other'] })
  expect(shareOf(other)).toBe(0)
  cable.pull()
  await vi.waitFor(() => expect(partitionsOf(other)).toEqual(every), patience)
  expect(events.slice(partitions)).toEqual([
    ...every.map(() => expect.stringMatching(/^cut loses/)),
    ...every.map(() => expect.stringMatching(/^other takes/)),
  ])
  expect(leases.every((lease) => !lease.held() && lease.signal.aborted)).toBe(true)
  cable.plug()
  await other.leases.stop()
  await vi.waitFor(() => expect(partitionsOf(cut)).toEqual(every), patience)
  for (const partition of every) {
    const [before = 0, after = 0] = cut.tokens.get(partition) ?? []
    const between = other.tokens.get(partition)?.[0] ?? 0
    expect(before < between && between < after).toBe(true)
  }
})

test('A process that was asleep knows that it is out as soon as it wakes up, before any of its timers has run', async () => {
  const sleeping = new ManualClock()
  let elapsedMs = 0
  const clock: Clock = { now: () => sleeping.now(), elapsedMs: () => elapsedMs, after: (delayMs, act) => sleeping.after(delayMs, act) }
  const sleeper = await join('sleeper', { clock, members: () => ['sleeper'] })
  const [lease] = sleeper.leases.held()
  const other = await join('other', { members: () => ['other'] })
  await vi.waitFor(() => expect(partitionsOf(other)).toEqual(every), patience)
  elapsedMs += ttlMs
  expect(lease?.held()).toBe(false)
  expect(partitionsOf(sleeper)).toEqual([])
  await sleeping.advance(ttlMs)
  expect(events.filter((event) => event.startsWith('sleeper loses'))).toHaveLength(partitions)
})

test('A process that goes in order leaves nothing to wait for', async () => {
  const first = await join('first')
  members = []
  await first.leases.stop()
  expect(events.filter((event) => event.startsWith('first flushes'))).toHaveLength(partitions)
  expect(partitionsOf(await join('second', { ttlMs: 600_000 }))).toEqual(every)
})

test('Through a restart of NATS the owners stay owners, or take what they had again', async () => {
  const owner = await join('owner')
  await server.kill()
  await vi.waitFor(() => expect(link.connected()).toBe(false), patience)
  await server.start()
  await vi.waitFor(() => expect(link.connected()).toBe(true), patience)
  await vi.waitFor(() => expect(partitionsOf(owner)).toEqual(every), patience)
})

test('What cannot be made ready is given back and tried again, and said', async () => {
  let failures = 1
  const owner = await join('owner', {
    async taken({ partition }) {
      if (partition === 3 && failures-- > 0) throw new Error('no database')
    },
  })
  await vi.waitFor(() => expect(events.filter((event) => event === 'owner takes 3')).toHaveLength(2), patience)
  await vi.waitFor(() => expect(partitionsOf(owner)).toEqual(every), patience)
  expect(link.lines).toEqual(['partition 3 cannot be made ready: no database; it is given back and tried again'])
  expect(events.filter((event) => event.includes('loses') || event.includes('flushes'))).toEqual([])
})
