// What an HTTP server gets from simulated machines, also one that is away for a while.
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { expect, test, vi } from 'vitest'
import { ManualClock } from '#core/clock.ts'
import { freePort } from '#test/support/free-port.ts'
import { simulate } from '#test/support/simulation.ts'

interface Receiver extends AsyncDisposable {
  readonly port: number
  readonly received: { url: string; timestamp: string; body: Record<string, unknown> }[]
  /** What it answers from now on. */
  status: number
}

async function startReceiver(port = 0): Promise<Receiver> {
  const receiver: Omit<Receiver, 'port' | keyof AsyncDisposable> = { received: [], status: 200 }
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
    const body = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>
    if (receiver.status === 200) receiver.received.push({ url: request.url ?? '', timestamp: String(body['timestamp']), body })
    response.writeHead(receiver.status).end()
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return Object.assign(receiver, {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  })
}

const pump = (port: number) => ({
  path: 'site/pump-1',
  profile: 'rotating-equipment',
  model: 'pump',
  serve: { periodMs: 50, http: { url: `http://127.0.0.1:${port}/push/pump-1` } },
})

/** Distances between neighbouring readings in ms. */
function gapsOf(received: Receiver['received']): number[] {
  const times = received.map(({ timestamp }) => Date.parse(timestamp))
  return times.slice(1).map((time, i) => time - (times[i] as number))
}

test('A pump posts temperature, vibration and pressure as JSON', async () => {
  await using receiver = await startReceiver()
  await using _ = await simulate([pump(receiver.port)])
  await vi.waitFor(() => expect(receiver.received.length).toBeGreaterThan(2))
  expect(receiver.received[0]).toMatchObject({ url: '/push/pump-1' })
  expect(Object.keys(receiver.received[0]?.body ?? {})).toEqual(['timestamp', 'temperature', 'vibration', 'pressure'])
})

test('What could not be posted comes later, in order, with its own time', async () => {
  const port = await freePort()
  const clock = new ManualClock()
  await using _ = await simulate([pump(port)], { clock })
  await clock.advance(1000)
  await using receiver = await startReceiver(port)
  /** Lets the pump measure until so many readings have arrived. */
  const arrived = (count: number) =>
    vi.waitFor(async () => {
      await clock.advance(50)
      expect(receiver.received.length).toBeGreaterThanOrEqual(count)
    })
  await arrived(25)
  receiver.status = 503
  await clock.advance(2000)
  const before = receiver.received.length
  receiver.status = 200
  await arrived(before + 45)
  expect(new Set(gapsOf(receiver.received))).toEqual(new Set([50]))
})

test('A reading that is refused for good is counted and does not hold up the next', async () => {
  await using receiver = await startReceiver()
  receiver.status = 422
  await using simulation = await simulate([pump(receiver.port)])
  await vi.waitFor(() => expect(simulation.machines[0]?.servers['http']?.['refused']).toBeGreaterThan(5))
  receiver.status = 200
  await vi.waitFor(() => expect(receiver.received.length).toBeGreaterThan(2))
  expect(simulation.logged.join()).toContain('answer 422')
})

test('Nobody there: the newest 120 readings are kept, older ones are counted as lost', async () => {
  const port = await freePort()
  const clock = new ManualClock()
  await using simulation = await simulate([pump(port)], { clock })
  await clock.advance(10_000)
  expect(simulation.machines[0]?.servers['http']?.['lost']).toBeGreaterThanOrEqual(80)
  await using receiver = await startReceiver(port)
  await vi.waitFor(async () => {
    await clock.advance(50)
    expect(receiver.received.length).toBeGreaterThanOrEqual(120)
  })
  expect(new Set(gapsOf(receiver.received))).toEqual(new Set([50]))
})
