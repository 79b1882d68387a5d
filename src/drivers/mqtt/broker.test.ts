import { connect } from 'node:net'
import { expect, test, vi } from 'vitest'
import { connect as connectMqtt } from 'mqtt'
import { qualities } from '#core/quality.ts'
import { createLife, type DriverLife, type PointInput } from '#test/support/driver-life.ts'
import { freePort } from '#test/support/free-port.ts'
import { mosquittoPub, mosquittoSub } from '#test/support/mosquitto.ts'
import { startProgram } from '#test/support/program.ts'
import { requireTool } from '#test/support/tool.ts'
import { mqttDriver } from './driver.ts'

const never = new AbortController().signal
const temperature: PointInput = { address: { topic: 'devices/pump-1/telemetry', field: 'temperature' } }

interface BrokerLife extends DriverLife, AsyncDisposable {
  readonly port: number
}

async function startBroker(points: readonly PointInput[] = [temperature], settings: object = {}): Promise<BrokerLife> {
  const port = await freePort()
  const life = await createLife(mqttDriver, { mode: 'broker', port, ...settings }, points)
  await life.driver.connect(never)
  return Object.assign(life, { port, [Symbol.asyncDispose]: () => life.end() })
}

const values = ({ sink }: DriverLife) => sink.samples.map(({ point, value }) => [point, value])

test('devices publish with QoS 0, 1 and 2; each message is parsed for all points of its topic', async () => {
  await using life = await startBroker([
    temperature,
    { address: { topic: 'devices/+/telemetry', field: 'pressure' } },
    { address: { topic: 'other', field: 'temperature' } },
  ])
  for (const qos of ['0', '1', '2']) {
    const result = await mosquittoPub(life.port, 'devices/pump-1/telemetry', `{"temperature": 2${qos}, "pressure": 3}`, '-q', qos)
    expect(result).toMatchObject({ code: 0 })
  }
  await vi.waitFor(() => expect(life.sink.samples).toHaveLength(6))
  expect(values(life)).toEqual(
    [20, 21, 22].flatMap((value) => [
      [0, value],
      [1, 3],
    ]),
  )
  expect(life.sink.faults).toEqual([])
  expect(life.sink.violations).toEqual([])
})

test('a device gets no PUBACK before its message is durable, and many messages share one sync', async () => {
  await using life = await startBroker()
  const disk = Promise.withResolvers<void>()
  life.sink.whenDurable = () => disk.promise
  const lines = Array.from({ length: 50 }, (_, index) => `{"temperature": ${index}}`)
  const pub = startProgram(
    requireTool('mosquitto_pub', 'mosquitto-clients'),
    `-p ${life.port} -t devices/pump-1/telemetry -q 1 -d -l`.split(' '),
    `${lines.join('\n')}\n`,
  )
  await vi.waitFor(() => expect(life.sink.samples.length).toBeGreaterThanOrEqual(20))
  expect(pub.output()).not.toContain('PUBACK')
  disk.resolve()
  const { code, output } = await pub.ended
  expect(code).toBe(0)
  expect(output.match(/received PUBACK/g)).toHaveLength(50)
  expect(life.sink.samples).toHaveLength(50)
  expect(life.sink.durableCount).toBeLessThan(25)
})

test('when the disk refuses, the device gets no PUBACK but is cut off, so that it sends again', async () => {
  await using life = await startBroker()
  life.sink.whenDurable = () => Promise.reject(new Error('the disk is full'))
  const client = connectMqtt(`mqtt://127.0.0.1:${life.port}`, { reconnectPeriod: 0 })
  const closed = new Promise<void>((resolve) => client.once('close', () => resolve()))
  let acknowledged = false
  client.on('packetreceive', ({ cmd }) => (acknowledged ||= cmd === 'puback'))
  client.publish('devices/pump-1/telemetry', '{"temperature": 1}', { qos: 1 }, () => {})
  await closed
  await client.endAsync(true)
  expect(acknowledged).toBe(false)
  expect((await mosquittoPub(life.port, 'devices/pump-1/telemetry', '{"temperature": 1}', '-q', '1')).output).not.toContain('PUBACK')
  expect(life.sink.samples).toHaveLength(1)
  expect(life.logged.join()).toContain('the disk is full')
})

test('what is not JSON is a fault of its points, is confirmed, and harms nothing else', async () => {
  await using life = await startBroker([temperature, { address: { topic: 'other', field: 'x' } }])
  expect(await mosquittoPub(life.port, 'devices/pump-1/telemetry', 'hello', '-q', '1')).toMatchObject({ code: 0 })
  expect(await mosquittoPub(life.port, 'devices/pump-1/telemetry', Buffer.from([0, 255, 1]), '-q', '1')).toMatchObject({ code: 0 })
  await mosquittoPub(life.port, 'other', '{"x": 1}', '-q', '1')
  expect(life.sink.faults.map(({ point }) => point)).toEqual([0, 0])
  expect(life.sink.faults[0]).toMatchObject({ quality: qualities.badDecoding.code, reason: expect.stringMatching(/not JSON/) })
  expect(values(life)).toEqual([[1, 1]])
})

test('other clients of the broker get the messages, retained ones too', async () => {
  await using life = await startBroker()
  await using live = await mosquittoSub(life.port, 'devices/#', '-q', '1')
  await mosquittoPub(life.port, 'devices/pump-1/telemetry', '{"temperature": 1}', '-q', '1', '-r')
  await mosquittoPub(life.port, 'devices/nobody', 'free text', '-q', '0')
  await vi.waitFor(() => expect(live.output()).toContain('devices/nobody free text'))
  expect(live.output()).toContain('devices/pump-1/telemetry {"temperature": 1}')
  await using late = await mosquittoSub(life.port, 'devices/#')
  await vi.waitFor(() => expect(late.output()).toContain('devices/pump-1/telemetry {"temperature": 1}'))
  expect(values(life)).toEqual([[0, 1]])
})

test('a shared subscription is refused, since the broker would deliver nothing to it', async () => {
  await using life = await startBroker()
  const client = connectMqtt(`mqtt://127.0.0.1:${life.port}`, { reconnectPeriod: 0 })
  await expect(client.subscribeAsync('$share/group/devices/#')).rejects.toThrow()
  await client.subscribeAsync('devices/#')
  await client.endAsync(true)
  expect(life.logged.join()).toContain('no shared subscriptions')
})

test('an array of 256 × 256 arrives, and a packet above the bound ends only its own connection', async () => {
  await using life = await startBroker([temperature, { definition: { kind: 'array' }, address: { topic: 'field', field: 'data' } }], {
    packetBytesMax: 500_000,
  })
  const rows = Array.from({ length: 256 }, (_, row) => Array.from({ length: 256 }, (_, column) => row + column))
  expect(await mosquittoPub(life.port, 'field', JSON.stringify({ data: rows }), '-q', '1')).toMatchObject({ code: 0 })
  expect(life.sink.of(1)[0]?.value).toMatchObject({ shape: [256, 256] })

  await using other = await mosquittoSub(life.port, 'devices/#')
  const client = connectMqtt(`mqtt://127.0.0.1:${life.port}`, { reconnectPeriod: 0 })
  client.on('error', () => {})
  const closed = new Promise<void>((resolve) => client.once('close', () => resolve()))
  client.publish('field', Buffer.alloc(600_000), { qos: 1 }, () => {})
  await closed
  await client.endAsync(true)
  await mosquittoPub(life.port, 'devices/pump-1/telemetry', '{"temperature": 7}', '-q', '1')
  await vi.waitFor(() => expect(other.output()).toContain('"temperature": 7'))
  expect(life.logged.join()).toContain('packetBytesMax')
})

test('with a slow disk the broker stops reading, and reads on once there is room; no message is lost', async () => {
  await using life = await startBroker([{ definition: { kind: 'text' }, address: { topic: 'text', field: 't' } }])
  const disk = Promise.withResolvers<void>()
  life.sink.whenDurable = () => disk.promise
  const message = JSON.stringify({ t: 'x', filler: 'y'.repeat(500_000) })
  const client = connectMqtt(`mqtt://127.0.0.1:${life.port}`, { reconnectPeriod: 0 })
  const published = Promise.all(Array.from({ length: 120 }, () => client.publishAsync('text', message, { qos: 0 })))
  await vi.waitFor(() => expect(life.sink.samples.length * 500_000).toBeGreaterThan(32 * 1024 * 1024), { timeout: 20_000 })
  const inHand = life.sink.samples.length
  // Nothing is read now: one who comes later gets no answer until there is room.
  const late = connectMqtt(`mqtt://127.0.0.1:${life.port}`, { reconnectPeriod: 0 })
  await new Promise<void>((resolve) => late.stream.once('connect', () => resolve()))
  expect(late.connected).toBe(false)
  expect(life.sink.samples).toHaveLength(inHand)
  disk.resolve()
  await published
  await vi.waitFor(() => expect(life.sink.samples).toHaveLength(120))
  await vi.waitFor(() => expect(late.connected).toBe(true))
  await Promise.all([client, late].map((each) => each.endAsync(true)))
})

test('garbage, half a packet and silence harm nobody else', async () => {
  await using life = await startBroker()
  const sockets = [
    Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    Buffer.from([0x10, 0xff, 0xff, 0xff, 0xff, 0xff]),
    Buffer.from([0x10, 40, 0]),
    Buffer.alloc(0),
  ].map((bytes) => {
    const socket = connect(life.port, '127.0.0.1', () => socket.write(bytes))
    socket.on('error', () => {})
    return socket
  })
  await mosquittoPub(life.port, 'devices/pump-1/telemetry', '{"temperature": 3}', '-q', '1')
  expect(values(life)).toEqual([[0, 3]])
  for (const socket of sockets) socket.destroy()
})

test('more clients than allowed are refused, and the log says so', async () => {
  await using life = await startBroker([temperature], { clientsMax: 1 })
  await using first = await mosquittoSub(life.port, 'x')
  expect((await mosquittoPub(life.port, 'x', '1')).code).not.toBe(0)
  expect(life.logged.join()).toContain('clientsMax (1)')
  expect(first.output()).toContain('Subscribed')
})

test('a taken port is NotConnected, and names the port, its purpose and the setting', async () => {
  await using life = await startBroker()
  const second = await createLife(mqttDriver, { mode: 'broker', port: life.port }, [])
  await expect(second.driver.connect(never)).rejects.toMatchObject({
    name: 'NotConnected',
    message: `port ${life.port} on 127.0.0.1 is taken by another program; the MQTT broker of this connection needs it: free it, or change the setting "port" of this connection`,
  })
  await second.end()
})

test('closing while it starts ends it, and its port is free for the next one', async () => {
  const port = await freePort()
  const life = await createLife(mqttDriver, { mode: 'broker', port }, [])
  const connecting = expect(life.driver.connect(never)).rejects.toMatchObject({ name: 'NotConnected' })
  await life.end()
  await connecting
  const next = await createLife(mqttDriver, { mode: 'broker', port }, [])
  await next.driver.connect(never)
  await next.end()
})

test('a command goes to the subscribed device and is done when the device has confirmed it', async () => {
  const address = { topic: 'a', commandTopic: 'devices/pump-1/set' }
  await using life = await startBroker([{ address }, { definition: { kind: 'text' }, address }, temperature])
  await expect(life.driver.write?.(0, 1)).rejects.toMatchObject({
    name: 'Rejected',
    message: expect.stringContaining('no device is subscribed'),
  })
  await expect(life.driver.write?.(2, 1)).rejects.toMatchObject({ name: 'Rejected', message: expect.stringContaining('commandTopic') })
  await expect(life.driver.write?.(0, null)).rejects.toMatchObject({ name: 'Rejected' })
  await using device = await mosquittoSub(life.port, 'devices/pump-1/set', '-q', '1')
  await life.driver.write?.(0, 12.5)
  await life.driver.write?.(1, 'open')
  await vi.waitFor(() => expect(device.output()).toMatch(/set 12\.5[^]*set "open"/))

  // A device that takes the command but never confirms it.
  const mute = connectMqtt(`mqtt://127.0.0.1:${life.port}`, { reconnectPeriod: 0, protocolVersion: 4 })
  mute.handleMessage = () => {}
  await mute.subscribeAsync('devices/pump-1/set', { qos: 1 })
  await device.kill()
  await expect(life.driver.write?.(0, 13)).rejects.toMatchObject({
    name: 'NotConnected',
    message: expect.stringContaining('no device confirmed'),
  })
  await mute.endAsync(true)
})

test('close cuts off every client and takes nothing more, not even last wills', async () => {
  const life = await startBroker()
  const sub = await mosquittoSub(life.port, 'x', '--will-topic', 'devices/pump-1/telemetry', '--will-payload', '{"temperature": 1}')
  await life.end()
  await sub.kill()
  expect(life.sink.violations).toEqual([])
  expect((await mosquittoPub(life.port, 'x', '1')).code).not.toBe(0)
})
