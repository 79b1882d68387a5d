// The contract suite of drivers: docs/specs/driver.md, checked on a real peer. A driver's test calls `driverContract` once.
import { createSocket } from 'node:dgram'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { systemClock, type Clock } from '#core/clock.ts'
import type { DriverModule } from '#core/driver.ts'
import { isGood } from '#core/quality.ts'
import { createLife, runUntil, type DriverLife, type PointInput } from '#test/support/driver-life.ts'

export interface ContractPeer {
  /** Settings, as in a plant file, that reach this peer. */
  readonly settings: unknown
  /** Vanishes as a crashed machine does: every socket closes. May be called twice. */
  stop(): Promise<void>
}

export interface DriverCase {
  readonly module: DriverModule
  readonly transport: 'tcp' | 'udp'
  /** Starts a real peer that keeps giving the points below, again and again. */
  readonly start: () => Promise<ContractPeer>
  /** Settings that reach 127.0.0.1 at this port. */
  readonly settingsAt: (port: number) => Record<string, unknown>
  /** The peer gives this one good values ... */
  readonly healthy: PointInput
  /** ... and this one something that cannot be its value: a malformed message, an unknown node, an illegal register. */
  readonly malformed: PointInput
  /** Addresses the schema must refuse. */
  readonly wrongAddresses: readonly unknown[]
  /** A quicker clock, where the driver's own bounds are long. */
  readonly clock?: Clock
  /** A folder that is kept between the tests, where making its content is dear. */
  readonly folder?: string
}

/** Most polls a polled driver may need to notice that its peer is dead. */
const pollsUntilLost = 20
const never = new AbortController().signal

export function driverContract(
  name: string,
  { module, transport, start, settingsAt, healthy, malformed, wrongAddresses, clock = systemClock, folder }: DriverCase,
) {
  const options = folder === undefined ? { clock } : { clock, folder }
  const alive = (settings: unknown, points: readonly PointInput[] = [healthy, malformed]) => createLife(module, settings, points, options)

  describe(`${name} keeps the promises of a driver`, () => {
    test('D1: every field of the settings is described, and an unknown one is refused by name', () => {
      const parsed = module.settings.safeParse({ ...settingsAt(1), noSuchField: 1 })
      expect(parsed.error?.message).toContain('noSuchField')
      expect(undescribed(module.settings.toJSONSchema({ io: 'input' }))).toEqual([])
      expect(undescribed(module.address.toJSONSchema({ io: 'input' }))).toEqual([])
    })

    test.each(wrongAddresses.map((address) => [JSON.stringify(address), address]))('D1: the address %s is refused', (_, address) => {
      expect(module.address.safeParse(address).success).toBe(false)
    })

    test('D2, D5: creating touches no network, and a driver that never connected can be closed twice', async () => {
      const before = handles()
      const life = await alive(settingsAt(1))
      expect(handles()).toEqual(before)
      await life.driver.close()
      await life.end()
      expect(life.lost).toEqual([])
    })

    test('D3: a port where nobody listens gives NotConnected', async () => {
      const life = await alive(settingsAt(await deadPort(transport)))
      await expect(useUntilLost(life)).rejects.toMatchObject({ name: 'NotConnected', message: expect.stringMatching(/\w+ \w+/) })
      await life.end()
    })

    test.each(transport === 'tcp' ? (['silence', 'garbage', 'hangUp'] as const) : (['silence', 'garbage'] as const))(
      'D3: a peer that answers with %s gives NotConnected',
      async (manner) => {
        await using peer = await uselessPeer(transport, manner)
        const life = await alive(settingsAt(peer.port))
        await expect(useUntilLost(life)).rejects.toMatchObject({ name: 'NotConnected' })
        await life.end()
        expect(life.sink.samples.filter(({ quality }) => isGood(quality))).toEqual([])
        expect(life.sink.violations).toEqual([])
      },
    )

    test('D4: an aborted signal ends connect, before and during it', async () => {
      await using peer = await uselessPeer(transport, 'silence')
      const early = await alive(settingsAt(peer.port))
      await expect(early.driver.connect(AbortSignal.abort())).rejects.toThrow()
      await early.end()
      const late = await alive(settingsAt(peer.port))
      const abort = new AbortController()
      const using = use(late, abort.signal)
      await peer.visited
      abort.abort()
      await expect(using).rejects.toThrow()
      await late.end()
    })

    test('D5: close during connect ends it and leaves nothing open', async () => {
      await using peer = await uselessPeer(transport, 'silence')
      const before = handles()
      const life = await alive(settingsAt(peer.port))
      const using = use(life, never).then(
        () => 'ended',
        () => 'ended',
      )
      await peer.visited
      await life.end()
      expect(await using).toBe('ended')
      await peer.hangUp()
      await expectHandles(before)
      expect(life.lost).toEqual([])
    })

    test('D5, D8, D9: a bad point harms itself alone, and after close nothing comes and nothing is left open', async () => {
      const peer = await start()
      try {
        const before = handles()
        const life = await alive(peer.settings)
        await life.driver.connect(never)
        await runUntil(life, () => life.sink.of(0).some(({ quality }) => isGood(quality)) && life.sink.latestFault(1) !== undefined)
        life.sink.clear()
        await runUntil(life, () => life.sink.of(0).length > 1)
        await life.end()
        await life.driver.close()
        await expectHandles(before)
        expect(life.sink.faults.filter(({ point }) => point === 0)).toEqual([])
        expect(life.sink.of(1).filter(({ quality }) => isGood(quality))).toEqual([])
        expect(life.sink.violations).toEqual([])
        expect(life.lost).toEqual([])
      } finally {
        await peer.stop()
      }
    })

    test('D6: a vanished peer is reported, and a new driver reads from the next peer', async () => {
      const first = await start()
      const life = await alive(first.settings, [healthy])
      await life.driver.connect(never)
      await runUntil(life, () => life.sink.of(0).length > 0)
      await first.stop()
      await expect(pollUntilLost(life)).rejects.toMatchObject({ name: 'NotConnected', message: expect.stringMatching(/\w+ \w+/) })
      await life.end()
      expect(life.lost.length).toBeLessThanOrEqual(1)
      expect(life.sink.violations).toEqual([])

      const second = await start()
      try {
        const next = await alive(second.settings, [healthy])
        await next.driver.connect(never)
        await runUntil(next, () => next.sink.of(0).length > 0)
        await next.end()
      } finally {
        await second.stop()
      }
    })

    test('D7: a connected driver has a watchdog', async () => {
      const life = await alive(settingsAt(1))
      expect(life.driver.watchdogMs).toBeGreaterThan(0)
      if (life.driver.poll) expect(life.driver.pollPeriodMs).toBeGreaterThan(0)
      await life.end()
    })
  })
}

/** Connects and, where the driver polls, polls once. */
async function use({ driver }: DriverLife, signal: AbortSignal): Promise<void> {
  await driver.connect(signal)
  for (let round = 0; driver.poll && round < pollsUntilLost; round++) await driver.poll(signal)
}

async function useUntilLost(life: DriverLife): Promise<void> {
  await life.driver.connect(never)
  await pollUntilLost(life)
}

/** Rejects with the loss, whichever way the driver reports it. */
async function pollUntilLost(life: DriverLife): Promise<void> {
  let polls = 0
  await runUntil(life, () => {
    if (life.lost[0]) throw life.lost[0]
    if (life.driver.poll && ++polls > pollsUntilLost) throw new Error(`still not lost after ${pollsUntilLost} polls`)
    return false
  })
}

/** Paths of properties without a description in a JSON schema. */
function undescribed(schema: unknown, path = ''): string[] {
  if (typeof schema !== 'object' || schema === null) return []
  const { properties, anyOf, oneOf, allOf } = schema as Record<string, Record<string, { description?: string }> | undefined>
  return [
    ...Object.entries(properties ?? {}).flatMap(([key, property]) => [
      ...(property.description ? [] : [`${path}/${key}`]),
      ...undescribed(property, `${path}/${key}`),
    ]),
    ...[anyOf, oneOf, allOf].flatMap((group) => Object.values(group ?? {}).flatMap((part) => undescribed(part, path))),
  ]
}

/** What keeps this thread's event loop alive, counted by type. */
function handles(): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const type of process.getActiveResourcesInfo())
    if (/Socket|Server|UDP|TLS|Pipe|Process|Timeout/.test(type)) counts[type] = (counts[type] ?? 0) + 1
  return counts
}

/** Waits without a timer of its own until no more handles are open than before. */
async function expectHandles(before: Record<string, number>): Promise<void> {
  const more = () => Object.entries(handles()).filter(([type, count]) => count > (before[type] ?? 0))
  const deadline = performance.now() + 5000
  while (more().length > 0 && performance.now() < deadline) await new Promise((resolve) => setImmediate(resolve))
  expect(more()).toEqual([])
}

/** A port at which nobody listens: one that was just free. */
async function deadPort(transport: 'tcp' | 'udp'): Promise<number> {
  await using peer = await uselessPeer(transport, 'silence')
  return peer.port
}

interface UselessPeer extends AsyncDisposable {
  readonly port: number
  /** Resolves when a driver has come. */
  readonly visited: Promise<void>
  hangUp(): Promise<void>
}

/** A peer that accepts and then says nothing, talks nonsense, or hangs up. */
async function uselessPeer(transport: 'tcp' | 'udp', manner: 'silence' | 'garbage' | 'hangUp'): Promise<UselessPeer> {
  const visited = Promise.withResolvers<void>()
  const garbage = Buffer.from(Array.from({ length: 64 }, (_, index) => (index * 151 + 7) & 0xff))
  if (transport === 'udp') {
    const socket = createSocket('udp4')
    socket.on('message', (_, from) => {
      visited.resolve()
      if (manner === 'garbage') socket.send(garbage, from.port, from.address)
    })
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
    const close = () => new Promise<void>((resolve) => socket.close(resolve))
    return { port: socket.address().port, visited: visited.promise, hangUp: async () => {}, [Symbol.asyncDispose]: close }
  }
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    visited.resolve()
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    socket.on('data', () => manner === 'garbage' && socket.write(garbage))
    if (manner === 'hangUp') socket.destroy()
    else socket.resume()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const hangUp = async () => sockets.forEach((socket) => socket.destroy())
  const close = async () => {
    await hangUp()
    await new Promise((resolve) => server.close(resolve))
  }
  return { port: (server.address() as AddressInfo).port, visited: visited.promise, hangUp, [Symbol.asyncDispose]: close }
}
