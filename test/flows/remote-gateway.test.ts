// A gateway on another machine: over a real HTTP connection, with its token, through an outage of the server.
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import type { LiveMessage } from '#api/live/schema.ts'
import { systemClock } from '#core/clock.ts'
import { plantSchema, type Plant } from '#core/plant.ts'
import { profileSchema } from '#core/profile.ts'
import { Gateway } from '#gateway/gateway.ts'
import { createHttpUplink } from '#gateway/http-uplink.ts'
import { createHandDriver } from '#test/support/hand-driver.ts'
import { freePort } from '#test/support/free-port.ts'
import { testApi, type TestApi } from '#test/support/api.ts'

const emptyPlant: Plant = { ...plantSchema.parse({ plant: 'server' }), profiles: new Map() }
const profile = profileSchema.parse({ profile: 'kiln', title: 'Kiln', tags: { heat: { unit: '°C' } }, maps: { test: { heat: {} } } })
const gatewayPlant: Plant = {
  ...plantSchema.parse({
    plant: 'far away',
    machines: [{ path: 'site/kiln', name: 'Big kiln', profile: 'kiln' }],
    connections: [{ name: 'line', driver: 'test', gateway: 'far', machines: ['site/kiln'] }],
  }),
  profiles: new Map([['kiln', profile]]),
}

let folder: string
let api: TestApi
let url: string
let gateway: Gateway | undefined
const { drivers, device } = createHandDriver()
const warnings: string[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'remote-'))
  api = await testApi(emptyPlant)
  url = await listen()
  warnings.length = 0
})
afterEach(async () => {
  await gateway?.stop()
  await api.close()
  await rm(folder, { recursive: true })
})

async function listen(): Promise<string> {
  await api.server.listen({ host: '127.0.0.1', port: 0 })
  return `http://127.0.0.1:${(api.server.server.address() as AddressInfo).port}`
}

async function startGateway(token: string, ...servers: string[]): Promise<void> {
  const log = { info: () => {}, warn: (message: string) => void warnings.push(message) }
  const uplink = createHttpUplink({ servers: servers.length > 0 ? servers : [url], token })
  gateway = new Gateway({
    name: 'far',
    version: '1',
    plant: gatewayPlant,
    drivers,
    uplink,
    folder,
    clock: systemClock,
    log,
  })
  gateway.start()
  await vi.waitFor(() => expect(gateway?.report().connections[0]?.state).toBe('connected'))
}

test('its machines, values and state arrive, and a browser sees them live', async () => {
  await startGateway(await api.token('far'))
  await vi.waitFor(async () =>
    expect((await api.get('/api/v1/machines/site/kiln')).body).toMatchObject({ name: 'Big kiln', title: 'Kiln' }),
  )
  const socket = new WebSocket(`${url.replace('http', 'ws')}/api/v1/live`)
  const seen: unknown[] = []
  socket.on('message', (data) => {
    const message = JSON.parse((data as Buffer).toString()) as LiveMessage
    if (message.type === 'values') seen.push(...message.values.map(({ value }) => value))
  })
  await new Promise((resolve) => socket.once('open', resolve))
  socket.send(JSON.stringify({ type: 'subscribe', machines: ['site/kiln'] }))
  device().sink.sample(0, systemClock.now(), 1200, 0)
  await vi.waitFor(() => expect(seen).toContain(1200))
  socket.terminate()
  await vi.waitFor(async () => {
    const { body } = await api.get('/api/v1/connections')
    expect(body).toMatchObject([
      {
        name: 'line',
        gateway: 'far',
        state: 'connected',
        ledger: { collected: 1, buffered: 0, sent: 1, stored: 1, duplicate: 0, dropped: 0 },
      },
    ])
  }, 5000)
  expect((await api.get('/api/v1/gateways')).body).toMatchObject([{ name: 'far', state: 'online', detail: '1 of 1 connections up' }])
})

test('a wrong token is told plainly and nothing is lost meanwhile', async () => {
  const token = await api.token('far')
  await startGateway(`${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`)
  device().sink.sample(0, systemClock.now(), 1, 0)
  await vi.waitFor(() => expect(warnings.join()).toMatch(/no valid gateway token; make one with: millwright token NAME; check --token/))
  await gateway?.stop()
  await startGateway(token)
  await vi.waitFor(
    async () => expect((await api.get('/api/v1/samples?tag=site/kiln/heat')).body).toMatchObject({ samples: [{ value: 1 }] }),
    5000,
  )
})

test('what was collected while no server was there arrives afterwards, once, in order', async () => {
  const token = await api.token('far')
  await startGateway(token, `http://127.0.0.1:${await freePort()}`)
  for (let value = 0; value < 100; value++) {
    device().sink.sample(0, systemClock.now(), value, 0)
    await device().sink.durable()
  }
  await vi.waitFor(() => expect(warnings.join()).toMatch(/the server takes no data: .*; it waits in the outbox/))
  await gateway?.stop()
  await startGateway(token)
  await vi.waitFor(async () => {
    const { body } = await api.get('/api/v1/samples?tag=site/kiln/heat')
    const values = (body as { samples: { value: number | null }[] }).samples.map(({ value }) => value).filter((value) => value !== null)
    expect(values).toEqual(Array.from({ length: 100 }, (_, index) => index))
  }, 10_000)
})

test('of several servers it sends to the one that is there, and to another when that goes', async () => {
  const token = await api.token('far')
  const second = await testApi(emptyPlant, { gatewayOfToken: async () => 'far' })
  const elsewhere = await second.server.listen({ host: '127.0.0.1', port: 0 })
  const valuesOf = async (one: TestApi) => {
    const { body } = await one.get('/api/v1/samples?tag=site/kiln/heat')
    return (body as { samples?: { value: number }[] }).samples?.map(({ value }) => value)
  }
  await startGateway(token, `http://127.0.0.1:${await freePort()}`, elsewhere, url)
  device().sink.sample(0, systemClock.now(), 1, 0)
  await vi.waitFor(async () => expect(await valuesOf(second)).toEqual([1]), 10_000)
  await second.close()
  device().sink.sample(0, systemClock.now(), 2, 0)
  await vi.waitFor(async () => expect(await valuesOf(api)).toEqual([2]), 10_000)
  expect(warnings).toEqual([])
})

test('frames without a token, with garbage, or damaged are refused and harm nothing', async () => {
  const post = (headers: Record<string, string>, body: Uint8Array<ArrayBuffer>) =>
    fetch(`${url}/api/v1/uplink/frames`, {
      method: 'POST',
      headers: { 'content-type': 'application/vnd.millwright.frames', ...headers },
      body,
    })
  expect((await post({}, new Uint8Array(8))).status).toBe(401)
  const authorization = `Bearer ${await api.token('far')}`
  const garbage = await post({ authorization, 'millwright-outbox': 'x' }, new Uint8Array(100).fill(7))
  expect(garbage.status).toBe(400)
  expect(await garbage.json()).toMatchObject({ error: 'rejected' })
  expect((await api.get('/api/v1/health')).status).toBe(200)
})
