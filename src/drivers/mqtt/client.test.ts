import { connect, createServer, type AddressInfo } from 'node:net'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { RetryLater } from '#core/errors.ts'
import { qualities } from '#core/quality.ts'
import { driverContract } from '#test/contracts/driver.ts'
import { createLife, type DriverLife, type PointInput } from '#test/support/driver-life.ts'
import { freePort } from '#test/support/free-port.ts'
import { mosquittoPub, mosquittoPubLines, mosquittoSub, startMosquitto, type Mosquitto } from '#test/support/mosquitto.ts'
import { startProgram, runProgram } from '#test/support/program.ts'
import { requireTool } from '#test/support/tool.ts'
import { mqttDriver } from './driver.ts'

const never = new AbortController().signal
const at = (port: number) => ({ mode: 'client', url: `mqtt://127.0.0.1:${port}` })
const temperature: PointInput = { address: { topic: 'devices/pump-1/telemetry', field: 'temperature' } }
const values = ({ sink }: DriverLife) => sink.samples.map(({ value }) => value)

async function connected(settings: unknown, points: readonly PointInput[] = [temperature], folder?: string) {
  const life = await createLife(mqttDriver, settings, points, folder === undefined ? {} : { folder })
  await life.driver.connect(never)
  return Object.assign(life, { [Symbol.asyncDispose]: () => life.end() })
}

/** A server to which a device publishes again and again. */
async function busyServer() {
  const server = await startMosquitto()
  const device = startProgram(requireTool('mosquitto_pub', 'mosquitto-clients'), [
    ...`-p ${server.port} -t devices/pump-1/telemetry --repeat 100000 --repeat-delay 0.05 -q 1`.split(' '),
    '-m',
    '{"temperature": 21.5, "state": "x"}',
  ])
  return {
    settings: at(server.port),
    async stop() {
      await server[Symbol.asyncDispose]()
      await device.kill()
    },
  }
}

driverContract('mqtt client', {
  module: mqttDriver,
  transport: 'tcp',
  start: busyServer,
  settingsAt: (port) => ({ ...at(port), connectTimeoutMs: 2000 }),
  healthy: temperature,
  malformed: { address: { topic: 'devices/pump-1/telemetry', field: 'state' } },
  wrongAddresses: [
    {},
    { topic: '' },
    { topic: 'a/#/b' },
    { topic: 'a', field: '..' },
    { topic: 'a', commandTopic: 'b/+' },
    { topic: 'a', unknown: 1 },
  ],
})

test.each([4, 5])('version %i: messages that were published while nobody was here arrive afterwards', async (version) => {
  await using server = await startMosquitto()
  const folder = await mkdtemp(join(tmpdir(), 'millwright-mqtt-'))
  const settings = { ...at(server.port), version }
  const first = await connected(settings, [temperature], folder)
  await mosquittoPub(server.port, 'devices/pump-1/telemetry', '{"temperature": 1}', '-q', '1')
  await vi.waitFor(() => expect(values(first)).toEqual([1]))
  await first.end()
  await mosquittoPubLines(server.port, 'devices/pump-1/telemetry', ['{"temperature": 2}', '{"temperature": 3}'], '-q', '1')
  await using second = await connected(settings, [temperature], folder)
  await vi.waitFor(() => expect(values(second)).toEqual([2, 3]))
  expect(second.sink.violations).toEqual([])
  await rm(folder, { recursive: true })
})

test('a killed server is lost; after its restart a new driver gets what was published meanwhile', async () => {
  await using server = await startMosquitto()
  const folder = await mkdtemp(join(tmpdir(), 'millwright-mqtt-'))
  const life = await connected(at(server.port), [temperature], folder)
  await mosquittoPub(server.port, 'devices/pump-1/telemetry', '{"temperature": 1}', '-q', '1')
  await vi.waitFor(() => expect(values(life)).toEqual([1]))
  await server.stop()
  await vi.waitFor(() => expect(life.lost).toHaveLength(1))
  expect(life.lost[0]).toMatchObject({ name: 'NotConnected', message: expect.stringContaining(`mqtt://127.0.0.1:${server.port}`) })
  await life.end()
  await server.start()
  await mosquittoPub(server.port, 'devices/pump-1/telemetry', '{"temperature": 2}', '-q', '1')
  await using next = await connected(at(server.port), [temperature], folder)
  await vi.waitFor(() => expect(values(next)).toEqual([2]))
  await rm(folder, { recursive: true })
})

test('what was not durable is not acknowledged: the server sends it again to the next driver', async () => {
  await using server = await startMosquitto()
  const folder = await mkdtemp(join(tmpdir(), 'millwright-mqtt-'))
  const life = await connected(at(server.port), [temperature], folder)
  life.sink.whenDurable = () => new Promise(() => {})
  await mosquittoPubLines(server.port, 'devices/pump-1/telemetry', ['{"temperature": 1}', '{"temperature": 2}'], '-q', '1')
  await vi.waitFor(() => expect(values(life)).toEqual([1, 2]))
  await life.end()
  await using next = await connected(at(server.port), [temperature], folder)
  await vi.waitFor(() => expect(values(next)).toEqual([1, 2]))
  await rm(folder, { recursive: true })
})

test('while nothing can be kept it does not connect, so that the server keeps what comes', async () => {
  await using server = await startMosquitto()
  const life = await createLife(mqttDriver, at(server.port), [temperature])
  life.sink.whenDurable = () => Promise.reject(new RetryLater('the disk is full'))
  await expect(life.driver.connect(never)).rejects.toMatchObject({ name: 'RetryLater', message: 'the disk is full' })
  await life.end()
})

test('many messages are acknowledged, by few syncs', async () => {
  await using server = await startMosquitto(() => ['allow_anonymous true', 'max_inflight_messages 100'])
  await using life = await connected(at(server.port))
  const lines = Array.from({ length: 2000 }, (_, index) => `{"temperature": ${index}}`)
  await mosquittoPubLines(server.port, 'devices/pump-1/telemetry', lines, '-q', '1')
  await vi.waitFor(() => expect(life.sink.samples).toHaveLength(2000), { timeout: 20_000 })
  expect(values(life)).toEqual(lines.map((_, index) => index))
  expect(life.sink.durableCount).toBeLessThan(1500)
  expect(life.aliveCount).toBeGreaterThan(2000)
})

test('a retained message has an unknown age: its value is the last usable one, unless it brings its own time', async () => {
  await using server = await startMosquitto()
  await mosquittoPub(server.port, 'state', '{"v": 5, "t": "2026-01-01T00:00:00Z"}', '-r', '-q', '1')
  await using life = await connected(at(server.port), [
    { address: { topic: 'state', field: 'v' } },
    { address: { topic: 'state', field: 'v', time: 't' } },
  ])
  await vi.waitFor(() => expect(life.sink.samples).toHaveLength(2))
  expect(life.sink.samples.map(({ quality }) => quality)).toEqual([qualities.uncertainLastUsable.code, qualities.good.code])
})

test('user and password are used; wrong ones are an error of the configuration that does not show the password', async () => {
  const passwords = async (server: Mosquitto) =>
    await runProgram(requireTool('mosquitto_passwd', 'mosquitto'), ['-b', '-c', join(server.folder, 'passwords'), 'plant', 'secret-word'])
  await using server = await startMosquitto()
  await passwords(server)
  await using guarded = await startMosquitto(() => ['allow_anonymous false', `password_file ${join(server.folder, 'passwords')}`])
  await using life = await connected({ ...at(guarded.port), user: 'plant', password: 'secret-word' })
  expect(life.logged.join()).toContain('connected')
  for (const version of [4, 5]) {
    const wrong = await createLife(mqttDriver, { ...at(guarded.port), version, user: 'plant', password: 'wrong-word' }, [])
    const error: unknown = await wrong.driver.connect(never).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ name: 'ConfigError', message: expect.stringMatching(/refuses this client/) })
    expect(`${String(error)} ${wrong.logged.join()}`).not.toContain('wrong-word')
    await wrong.end()
  }
})

test('a refused subscription is a fault of its points only', async () => {
  // Mosquitto 2.0 accepts every subscription and filters later; the embedded broker refuses what it must not accept.
  const port = await freePort()
  const broker = await createLife(mqttDriver, { mode: 'broker', port }, [])
  await broker.driver.connect(never)
  const points = [temperature, ...Array.from({ length: 1000 }, (_, index) => ({ address: { topic: `t/${index}` } }))]
  await using life = await connected(at(port), points)
  expect(life.sink.faults).toMatchObject([
    { quality: qualities.badConfiguration.code, reason: expect.stringContaining('refuses the subscription') },
  ])
  await mosquittoPub(port, 'devices/pump-1/telemetry', '{"temperature": 1}', '-q', '1')
  await vi.waitFor(() => expect(values(life)).toEqual([1]))
  await life.driver.close()
  await broker.end()
})

test('over TLS the server must prove itself by the given authority', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'millwright-tls-'))
  const made = await runProgram(requireTool('openssl', 'openssl'), [
    ...'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost'.split(' '),
    ...`-addext subjectAltName=IP:127.0.0.1,DNS:localhost -keyout ${folder}/key.pem -out ${folder}/cert.pem`.split(' '),
  ])
  expect(made.code, made.errors).toBe(0)
  await using server = await startMosquitto(() => ['allow_anonymous true', `certfile ${folder}/cert.pem`, `keyfile ${folder}/key.pem`])
  const settings = { mode: 'client', url: `mqtts://127.0.0.1:${server.port}` }
  const stranger = await createLife(mqttDriver, settings, [temperature])
  await expect(stranger.driver.connect(never)).rejects.toMatchObject({
    name: 'NotConnected',
    message: expect.stringMatching(/self-signed certificate/),
  })
  await stranger.end()
  await using life = await connected({ ...settings, caFile: join(folder, 'cert.pem') })
  const tls = ['--cafile', join(folder, 'cert.pem')]
  await mosquittoPub(server.port, 'devices/pump-1/telemetry', '{"temperature": 4}', '-q', '1', ...tls)
  await vi.waitFor(() => expect(values(life)).toEqual([4]))
  const missing = await createLife(mqttDriver, { ...settings, caFile: '/nowhere.pem' }, [])
  await expect(missing.driver.connect(never)).rejects.toMatchObject({ name: 'ConfigError', message: expect.stringContaining('caFile') })
  await missing.end()
  await rm(folder, { recursive: true })
})

test('a packet above the bound ends the connection with the setting that names the bound', async () => {
  await using server = await startMosquitto()
  await using life = await connected({ ...at(server.port), packetBytesMax: 1000 })
  await mosquittoPub(server.port, 'devices/pump-1/telemetry', `{"temperature": 1, "filler": "${'x'.repeat(5000)}"}`)
  await vi.waitFor(() => expect(life.lost).toHaveLength(1))
  expect(life.lost[0]?.message).toContain('packetBytesMax (1000 bytes)')
  expect(life.sink.samples).toEqual([])
})

test('a command is published as plain JSON and confirmed by the server; MQTT 5 says when nobody listens', async () => {
  await using server = await startMosquitto()
  const address = { topic: 'a', commandTopic: 'devices/pump-1/set' }
  await using life = await connected({ ...at(server.port), version: 5 }, [{ address }, temperature])
  await expect(life.driver.write?.(0, 1)).rejects.toMatchObject({ name: 'Rejected', message: expect.stringContaining('reached nobody') })
  await expect(life.driver.write?.(1, 1)).rejects.toMatchObject({ name: 'Rejected', message: expect.stringContaining('commandTopic') })
  await using device = await mosquittoSub(server.port, 'devices/pump-1/set', '-q', '1')
  await life.driver.write?.(0, true)
  await life.driver.write?.(0, { shape: [2], data: Float32Array.of(1, 2) })
  await vi.waitFor(() => expect(device.output()).toMatch(/set true[^]*set \{"shape":\[2\],"data":\[1,2\]\}/))
  await server.kill()
  await expect(life.driver.write?.(0, 2)).rejects.toMatchObject({ name: 'NotConnected' })
})

test('a server that falls silent is noticed by the keep-alive', async () => {
  await using server = await startMosquitto()
  let frozen = false
  const relay = createServer((socket) => {
    const onward = connect(server.port, '127.0.0.1')
    socket.on('data', (bytes) => frozen || onward.write(bytes))
    onward.on('data', (bytes) => frozen || socket.write(bytes))
    socket.on('error', () => {}).on('close', () => onward.destroy())
    onward.on('error', () => {}).on('close', () => socket.destroy())
  })
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve))
  await using life = await connected({ ...at((relay.address() as AddressInfo).port), keepAliveSeconds: 1 })
  const before = life.aliveCount
  await vi.waitFor(() => expect(life.aliveCount).toBeGreaterThan(before), { timeout: 10_000 })
  frozen = true
  await vi.waitFor(() => expect(life.lost).toHaveLength(1), { timeout: 10_000 })
  expect(life.lost[0]?.name).toBe('NotConnected')
  relay.close()
})

test('the client id is made once and kept', async () => {
  await using server = await startMosquitto()
  const folder = await mkdtemp(join(tmpdir(), 'millwright-mqtt-'))
  const id = async () => {
    const life = await connected(at(server.port), [temperature], folder)
    await life.end()
    return /as (millwright-[0-9a-f]{12})/.exec(life.logged.join())?.[1]
  }
  const first = await id()
  expect(first).toBeDefined()
  expect(await id()).toBe(first)
  await rm(folder, { recursive: true })
})
