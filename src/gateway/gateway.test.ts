import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ManualClock, systemClock, type Clock } from '#core/clock.ts'
import { NotConnected } from '#core/errors.ts'
import { decodeFrame } from '#core/frame.ts'
import { ledgerBalances } from '#core/ledger.ts'
import { plantSchema, type Plant } from '#core/plant.ts'
import { profileSchema } from '#core/profile.ts'
import type { Uplink } from '#core/uplink.ts'
import { createHandDriver } from '#test/support/hand-driver.ts'
import { Gateway } from './gateway.ts'

let folder: string
let gateway: Gateway
/** What the server has stored: values by frame sequence. */
let server: Map<number, number[]>
let serverDown: boolean
let serverMute: boolean
let outboxes: Set<string>

const { drivers, device } = createHandDriver()
const averaging = { profile: 'p', title: 'P', tags: { t: { average: { seconds: 3600 } } } }
const onePlant: Plant = {
  ...plantSchema.parse({
    plant: 'p',
    connections: [
      { name: 'line', driver: 'test', tags: { 'm/t': {} } },
      { name: 'elsewhere', driver: 'test', gateway: 'other' },
    ],
  }),
  profiles: new Map(),
}
let plant = onePlant
const uplink: Uplink = {
  announce: async () => {},
  report: async () => {},
  async send(outbox, frames) {
    if (serverDown) throw new NotConnected('no server')
    if (serverMute) return new Promise(() => {})
    outboxes.add(outbox)
    return frames.map(({ sequence, frame }) => {
      const batch = decodeFrame(frame, crc32)
      const repeated = server.has(sequence)
      server.set(sequence, [...batch.value])
      return { stored: repeated ? 0 : batch.count, duplicate: repeated ? batch.count : 0, rejected: 0 }
    })
  },
}

function startGateway(clock: Clock = systemClock): void {
  const log = { info: () => {}, warn: () => {} }
  gateway = new Gateway({
    name: 'edge',
    version: '1',
    plant,
    drivers,
    uplink,
    folder,
    clock,
    log,
  })
  gateway.start()
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gateway-'))
  server = new Map()
  outboxes = new Set()
  serverDown = false
  serverMute = false
  startGateway()
  await vi.waitFor(() => expect(gateway.report().connections[0]?.state).toBe('connected'))
})
afterEach(async () => {
  await gateway.stop()
  await rm(folder, { recursive: true })
})

const received = () => [...server.values()].flat()

test('values reach the server in their order and the ledger balances', async () => {
  for (let value = 0; value < 1000; value++) device().sink.sample(0, systemClock.now(), value, 0)
  await vi.waitFor(() => expect(received()).toHaveLength(1000))
  expect(received()).toEqual(Array.from({ length: 1000 }, (_, index) => index))
  await vi.waitFor(() => expect(gateway.report().ledger).toMatchObject({ collected: 1000, buffered: 0, sent: 1000, stored: 1000 }))
  expect(gateway.report().connections.map(({ name }) => name)).toEqual(['line'])
})

test('while the server is away values wait on disk, survive a restart of the gateway, and arrive once', async () => {
  serverDown = true
  device().sink.sample(0, systemClock.now(), 1, 0)
  await device().sink.durable()
  await gateway.stop()
  expect(received()).toEqual([])
  startGateway()
  await vi.waitFor(() => expect(gateway.report().connections[0]?.state).toBe('connected'))
  device().sink.sample(0, systemClock.now(), 2, 0)
  await device().sink.durable()
  expect(gateway.report().ledger.buffered).toBeGreaterThanOrEqual(2)
  serverDown = false
  await vi.waitFor(() => expect(gateway.report().ledger.buffered).toBe(0), { timeout: 10_000 })
  expect(received().filter((value) => !Number.isNaN(value))).toEqual([1, 2])
  expect(outboxes.size).toBe(1)
  expect(ledgerBalances(gateway.report().ledger)).toBe(true)
})

test('durable() resolves only when the values are in the outbox, and one write serves many who ask', async () => {
  serverDown = true
  const before = gateway.report().ledger.collected
  const waits = Array.from({ length: 100 }, (_, value) => {
    device().sink.sample(0, systemClock.now(), value, 0)
    return device().sink.durable()
  })
  expect(gateway.report().ledger.collected).toBe(before)
  await Promise.all(waits)
  expect(gateway.report().ledger.collected).toBe(before + 100)
})

test('a burst beyond what is held at a time is written in parts, and nothing of it is lost', async () => {
  serverDown = true
  const before = gateway.report().ledger.collected
  for (let value = 0; value < 450_000; value++) device().sink.sample(0, systemClock.now(), value, 0)
  await device().sink.durable()
  expect(gateway.report().ledger).toMatchObject({ collected: before + 450_000, dropped: 0 })
})

test('stopping records what was being averaged', async () => {
  await gateway.stop()
  plant = { ...onePlant, profiles: new Map([['p', profileSchema.parse(averaging)]]), machines: [{ path: 'm', profile: 'p' }] }
  startGateway()
  await vi.waitFor(() => expect(gateway.report().connections[0]?.state).toBe('connected'))
  device().sink.sample(0, systemClock.now(), 7, 0)
  await gateway.stop()
  plant = onePlant
  expect(received()).toContain(7)
})

test('stopping does not wait for ever for a server that says nothing; what it did not take is sent after the restart', async () => {
  await gateway.stop()
  serverMute = true
  const clock = new ManualClock()
  startGateway(clock)
  await vi.waitFor(() => expect(gateway.report().connections[0]?.state).toBe('connected'))
  device().sink.sample(0, clock.now(), 8, 0)
  const stopped = vi.fn()
  const stopping = gateway.stop().then(stopped)
  await vi.waitFor(async () => {
    await clock.advance(1000)
    expect(stopped).toHaveBeenCalled()
  })
  await stopping
  serverMute = false
  startGateway()
  await vi.waitFor(() => expect(received()).toContain(8))
})
