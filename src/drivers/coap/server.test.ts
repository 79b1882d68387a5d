import { createSocket } from 'node:dgram'
import { expect, test, vi } from 'vitest'
import type { ArrayValue } from '#core/array.ts'
import { createLife, type DriverLife, type PointInput } from '#test/support/driver-life.ts'
import { freePort } from '#test/support/free-port.ts'
import { coapClient } from '#test/support/libcoap.ts'
import type { ProgramResult } from '#test/support/program.ts'
import { coapDriver } from './driver.ts'
import { codes, codeText, decode, encode, optionNumbers, pathOptions, types, type CoapMessage } from './message.ts'

const never = new AbortController().signal
const temperature: PointInput = { address: { path: '/push/pump-1', field: 'temperature' } }
const values = ({ sink }: DriverLife) => sink.samples.map(({ value }) => value)

interface ServerLife extends DriverLife, AsyncDisposable {
  readonly port: number
  push(path: string, body: string | Uint8Array, ...more: string[]): Promise<ProgramResult>
}

async function startServer(points: readonly PointInput[] = [temperature], settings: object = {}): Promise<ServerLife> {
  const port = await freePort('udp')
  const life = await createLife(coapDriver, { mode: 'server', port, ...settings }, points)
  await life.driver.connect(never)
  const push = (path: string, body: string | Uint8Array, ...more: string[]) =>
    coapClient('put', `coap://127.0.0.1:${port}${path}`, body, '-t', '50', '-v', '7', ...more)
  return Object.assign(life, { port, push, [Symbol.asyncDispose]: () => life.end() })
}

/** A device that sends datagrams by hand. */
async function handMade(port: number) {
  const socket = createSocket('udp4')
  const answers: CoapMessage[] = []
  socket.on('message', (bytes) => {
    const message = decode(bytes)
    if (message) answers.push(message)
  })
  await new Promise<void>((resolve) => socket.connect(port, '127.0.0.1', () => resolve()))
  /** Resolves a turn of the event loop later, so that the server can read: a full socket buffer drops datagrams. */
  const send = async (bytes: Uint8Array) => {
    await new Promise<void>((resolve, reject) => socket.send(bytes, (error) => (error ? reject(error) : resolve())))
    await new Promise((resolve) => setImmediate(resolve))
  }
  const request = (message: Partial<CoapMessage>) =>
    send(
      encode({
        type: types.con,
        code: codes.put,
        id: 1,
        token: Buffer.of(1),
        options: pathOptions('/push/pump-1'),
        payload: Buffer.from('{"temperature": 1}'),
        ...message,
      }),
    )
  const seen = () => answers.map(({ code }) => codeText(code))
  return { send, request, answers, seen, [Symbol.asyncDispose]: () => new Promise<void>((resolve) => socket.close(resolve)) }
}

test('devices put and post, confirmable or not, and get 2.04', async () => {
  await using life = await startServer()
  const url = `coap://127.0.0.1:${life.port}/push/pump-1`
  expect((await life.push('/push/pump-1', '{"temperature": 1}')).output).toContain('2.04')
  expect((await coapClient('post', url, '[{"temperature": 2}, {"temperature": 3}]', '-v', '7')).output).toContain('2.04')
  expect((await life.push('/push/pump-1', '{"temperature": 4}', '-N')).output).toContain('2.04')
  expect(values(life)).toEqual([1, 2, 3, 4])
  expect(life.sink.violations).toEqual([])
})

test('a body in blocks is taken whole', async () => {
  await using life = await startServer([{ definition: { kind: 'array' }, address: { path: '/push/field', field: 'data' } }])
  const data = Array.from({ length: 5000 }, (_, index) => index)
  for (const size of ['16', '512', '1024']) {
    const { output } = await life.push('/push/field', JSON.stringify({ data: size === '16' ? data.slice(0, 200) : data }), '-b', size)
    expect(output).toContain('2.04')
  }
  expect(life.sink.samples.map(({ value }) => (value as ArrayValue).shape)).toEqual([[200], [5000], [5000]])
})

test('each mistake has its code and its mend', async () => {
  await using life = await startServer([temperature], { bodyBytesMax: 3000 })
  expect((await life.push('/push/pump-1', 'hello')).output).toMatch(/4\.00[^]*not JSON/)
  expect((await life.push('/push/nobody', '{}')).output).toContain('4.04')
  expect((await coapClient('get', `coap://127.0.0.1:${life.port}/push/pump-1`, undefined, '-v', '7')).output).toContain('4.05')
  expect((await life.push('/push/pump-1', '{"temperature": "x"}')).output).toMatch(/4\.00[^]*not a number/)
  expect((await coapClient('put', `coap://127.0.0.1:${life.port}/push/pump-1`, '{}', '-t', '60', '-v', '7')).output).toContain('4.15')
  const large = await life.push('/push/pump-1', JSON.stringify({ temperature: 1, filler: 'x'.repeat(9000) }))
  expect(large.output).toMatch(/4\.13[^]*bodyBytesMax \(3000 bytes\)/)
  expect(life.sink.latestFault(0)?.reason).toContain('bodyBytesMax (3000 bytes)')
  expect(life.sink.samples).toEqual([])
})

test('the answer comes only after the values are durable; a repetition meanwhile is not recorded, one afterwards is answered again', async () => {
  await using life = await startServer()
  await using device = await handMade(life.port)
  const disk = Promise.withResolvers<void>()
  life.sink.whenDurable = () => disk.promise
  await device.request({})
  await device.request({})
  await device.request({ id: 2, type: types.non })
  await vi.waitFor(() => expect(life.sink.samples).toHaveLength(2))
  expect(device.answers).toEqual([])
  disk.resolve()
  await vi.waitFor(() => expect(device.seen()).toEqual(['2.04 changed', '2.04 changed']))
  await device.request({})
  await vi.waitFor(() => expect(device.answers).toHaveLength(3))
  expect(device.answers.map(({ type }) => type)).toEqual([types.ack, types.non, types.ack])
  expect(life.sink.samples).toHaveLength(2)
})

test('a device that counts its messages from 1 again loses none, and a repetition is still known', async () => {
  await using life = await startServer()
  await using device = await handMade(life.port)
  for (const temperature of [1, 2, 2, 3]) await device.request({ payload: Buffer.from(JSON.stringify({ temperature })) })
  await vi.waitFor(() => expect(device.answers).toHaveLength(4))
  expect(values(life)).toEqual([1, 2, 3])
})

test('when the disk refuses, the device is told to send again', async () => {
  await using life = await startServer()
  life.sink.whenDurable = () => Promise.reject(new Error('the disk is full'))
  expect((await life.push('/push/pump-1', '{"temperature": 1}')).output).toContain('5.03')
  expect((await life.push('/push/pump-1', '{"temperature": 1}')).output).toContain('5.03')
  expect(life.sink.samples).toHaveLength(1)
  expect(life.logged.join()).toContain('the disk is full')
})

test('garbage, pings, blocks out of order and unknown critical options harm nobody', async () => {
  await using life = await startServer()
  await using device = await handMade(life.port)
  let seed = 1
  const random = () => (seed = (seed * 48_271) % 2_147_483_647) & 0xff
  for (let count = 0; count < 500; count++) await device.send(Uint8Array.from({ length: count % 40 }, random))
  await device.send(Buffer.from([0x40, 0, 0x12, 0x34]))
  await device.request({ id: 10, options: [...pathOptions('/push/pump-1'), { number: optionNumbers.block1, value: Buffer.of(0x18) }] })
  await device.request({ id: 11, options: [...pathOptions('/push/pump-1'), { number: optionNumbers.block1, value: Buffer.of(0x0f) }] })
  await device.request({ id: 12, options: [...pathOptions('/push/pump-1'), { number: 9, value: Buffer.alloc(0) }] })
  await device.request({ id: 13, payload: Buffer.from('{"temperature": 9}') })
  await vi.waitFor(() => expect(device.answers.find(({ id }) => id === 13)).toMatchObject({ code: codes.changed }))
  const answered = (id: number) => device.answers.find((answer) => answer.id === id)
  expect(answered(0x1234)).toMatchObject({ type: types.rst, code: codes.empty })
  expect(answered(10)?.code).toBe(codes.incomplete)
  expect(answered(11)?.code).toBe(codes.badOption)
  expect(answered(12)?.code).toBe(codes.badOption)
  expect(values(life)).toEqual([9])
  expect((await life.push('/push/pump-1', '{"temperature": 10}')).output).toContain('2.04')
  expect(life.sink.violations).toEqual([])
})

test('closing while it starts ends it, and its port is free for the next one', async () => {
  const port = await freePort('udp')
  const life = await createLife(coapDriver, { mode: 'server', port }, [])
  const connecting = expect(life.driver.connect(never)).rejects.toMatchObject({ name: 'NotConnected' })
  await life.end()
  await connecting
  const next = await createLife(coapDriver, { mode: 'server', port }, [])
  await next.driver.connect(never)
  await next.end()
})

test('a taken port is NotConnected and names the setting; close may be repeated and ends what is in hand', async () => {
  const life = await startServer()
  const second = await createLife(coapDriver, { mode: 'server', port: life.port }, [])
  await expect(second.driver.connect(never)).rejects.toMatchObject({
    name: 'NotConnected',
    message: expect.stringMatching(new RegExp(`port ${life.port} .*CoAP server.*"port"`)),
  })
  await second.end()
  const disk = Promise.withResolvers<void>()
  life.sink.whenDurable = () => disk.promise
  await using device = await handMade(life.port)
  await device.request({})
  await vi.waitFor(() => expect(life.sink.samples).toHaveLength(1))
  await life.driver.close()
  disk.resolve()
  await life.end()
  expect(life.sink.violations).toEqual([])
  const early = await createLife(coapDriver, { mode: 'server', port: life.port }, [])
  await early.end()
  await expect(early.driver.connect(never)).rejects.toMatchObject({ name: 'NotConnected' })
})
