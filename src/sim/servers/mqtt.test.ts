// What a broker (aedes) gets from simulated devices.
import { createServer, type Server } from 'node:net'
import { once } from 'node:events'
import { Aedes } from 'aedes'
import { expect, test, vi } from 'vitest'
import { parseTime } from '#core/time.ts'
import { freePort } from '#test/support/free-port.ts'
import { simulate } from '#test/support/simulation.ts'

interface Broker extends AsyncDisposable {
  readonly messages: { topic: string; qos: number; body: Record<string, unknown> }[]
}

async function startBroker(port: number): Promise<Broker> {
  const aedes = await Aedes.createBroker()
  const server: Server = createServer((socket) => aedes.handle(socket))
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const messages: Broker['messages'] = []
  aedes.on('publish', ({ topic, qos, payload }, client) => {
    if (client) messages.push({ topic, qos, body: JSON.parse(payload.toString()) as Record<string, unknown> })
  })
  return {
    messages,
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => aedes.close(() => resolve()))
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

const device = (port: number, name = 'device-01') => ({
  path: `site/${name}`,
  profile: 'smart-device',
  model: 'smart-device',
  serve: { periodMs: 100, mqtt: { url: `mqtt://127.0.0.1:${port}`, topic: `devices/${name}/telemetry` } },
})

test('Devices publish their values as JSON with QoS 1, each under its own topic', async () => {
  const port = await freePort()
  await using broker = await startBroker(port)
  await using _ = await simulate([device(port), device(port, 'device-02')])
  await vi.waitFor(() => expect(new Set(broker.messages.map(({ topic }) => topic)).size).toBe(2))
  const message = broker.messages.find(({ topic }) => topic === 'devices/device-01/telemetry')
  expect(message).toMatchObject({ qos: 1, body: { sensor: 'device-01' } })
  expect(Object.keys(message?.body ?? {}).toSorted()).toEqual(
    ['cpuLoad', 'humidity', 'networkTraffic', 'pressure', 'sensor', 'temperature', 'timestamp', 'vibration'].toSorted(),
  )
  expect(Math.abs((parseTime(String(message?.body['timestamp'])) ?? 0) / 1000 - Date.now())).toBeLessThan(60_000)
})

test('A broker that comes late, or goes and comes back, is found again', async () => {
  const port = await freePort()
  await using simulation = await simulate([device(port)])
  await vi.waitFor(() => expect(simulation.machines[0]?.servers['mqtt']?.['lost']).toBeGreaterThan(0))
  const first = await startBroker(port)
  await vi.waitFor(() => expect(first.messages.length).toBeGreaterThan(0), { timeout: 15_000 })
  await first[Symbol.asyncDispose]()
  await using second = await startBroker(port)
  await vi.waitFor(() => expect(second.messages.length).toBeGreaterThan(0), { timeout: 15_000 })
})

test('A device that drops out publishes nothing, the others go on', async () => {
  const port = await freePort()
  await using broker = await startBroker(port)
  await using simulation = await simulate([device(port), device(port, 'device-02')])
  const count = (name: string) => broker.messages.filter(({ body }) => body['sensor'] === name).length
  await vi.waitFor(() => expect(Math.min(count('device-01'), count('device-02'))).toBeGreaterThan(0))
  const fault = simulation.inject({ machine: 'device-01', fault: 'dropOut', severity: 1, durationSeconds: 2 })
  const others = count('device-02')
  await vi.waitFor(() => expect(count('device-02')).toBeGreaterThan(others + 20), { timeout: 15_000 })
  await vi.waitFor(
    () => expect(String(broker.messages.findLast(({ body }) => body['sensor'] === 'device-01')?.body['timestamp']) > fault.end).toBe(true),
    {
      timeout: 15_000,
    },
  )
  const during = broker.messages.filter(({ body }) => body['sensor'] === 'device-01').map(({ body }) => String(body['timestamp']))
  expect(during.filter((time) => time > fault.start && time < fault.end)).toEqual([])
})
