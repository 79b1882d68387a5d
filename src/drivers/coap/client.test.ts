import { createSocket, type RemoteInfo } from 'node:dgram'
import { expect, test, vi } from 'vitest'
import { qualities } from '#core/quality.ts'
import { driverContract } from '#test/contracts/driver.ts'
import { createLife, runUntil, type DriverLife, type PointInput } from '#test/support/driver-life.ts'
import { startCoapServer } from '#test/support/libcoap.ts'
import { coapDriver } from './driver.ts'
import { codes, decode, encode, optionNumbers, pathOf, types, uintOption, type CoapMessage } from './message.ts'
import { observeOf } from './peer.ts'

const never = new AbortController().signal
const at = (port: number) => ({ mode: 'client', host: '127.0.0.1', port })
const temperature: PointInput = { address: { path: '/sensor', field: 'temperature' } }
const values = ({ sink }: DriverLife) => sink.samples.map(({ value }) => value)

async function connected(settings: unknown, points: readonly PointInput[] = [temperature]) {
  const life = await createLife(coapDriver, settings, points)
  await life.driver.connect(never)
  return Object.assign(life, { poll: async () => life.driver.poll?.(never), [Symbol.asyncDispose]: () => life.end() })
}

driverContract('coap client', {
  module: coapDriver,
  transport: 'udp',
  async start() {
    const server = await startCoapServer()
    await server.put('/sensor', { temperature: 21.5, state: 'on' })
    return { settings: { ...at(server.port), refreshMs: 20, timeoutMs: 1000 }, stop: () => server.kill() }
  },
  settingsAt: (port) => ({ ...at(port), timeoutMs: 500 }),
  healthy: temperature,
  malformed: { address: { path: '/sensor', field: 'state' } },
  wrongAddresses: [
    {},
    { path: 'sensor' },
    { path: '/a b' },
    { path: '/%zz' },
    { path: `/${'x'.repeat(256)}` },
    { path: '/a', field: '..' },
    { path: '/a', unknown: 1 },
  ],
})

test('changes of an observed resource arrive without polling', async () => {
  await using server = await startCoapServer()
  await server.put('/sensor', { temperature: 1 })
  await using life = await connected(at(server.port))
  expect(values(life)).toEqual([1])
  await server.put('/sensor', { temperature: 2 })
  await vi.waitFor(() => expect(values(life)).toEqual([1, 2]))
  await server.put('/sensor', { temperature: 3 })
  await vi.waitFor(() => expect(values(life)).toEqual([1, 2, 3]))
  await life.poll()
  expect(values(life)).toEqual([1, 2, 3])
  expect(life.sink.violations).toEqual([])
})

test('without observing, each poll reads; points of one path share a request', async () => {
  await using server = await startCoapServer()
  await server.put('/sensor', { temperature: 1, time: '2026-01-01T00:00:00Z' })
  await using life = await connected({ ...at(server.port), observe: false }, [
    temperature,
    { address: { path: '/sensor', field: 'temperature', time: 'time' } },
  ])
  await life.poll()
  expect(values(life)).toEqual([1, 1, 1, 1])
  expect(life.sink.of(1)[0]?.time).toBe(Date.UTC(2026, 0, 1) * 1000)
  expect(life.aliveCount).toBe(2)
})

test('a resource in many blocks is read whole, also when it changes while it is observed', async () => {
  await using server = await startCoapServer()
  const rows = (first: number) => ({
    data: Array.from({ length: 40 }, (_, row) => Array.from({ length: 40 }, (_, column) => first + row * 40 + column)),
  })
  await server.put('/field', rows(1000))
  await using life = await connected(at(server.port), [{ definition: { kind: 'array' }, address: { path: '/field', field: 'data' } }])
  expect(life.sink.samples[0]?.value).toMatchObject({ shape: [40, 40] })
  await server.put('/field', rows(5000))
  await vi.waitFor(() => expect(life.sink.samples).toHaveLength(2))
  expect(life.sink.samples[1]?.value).toMatchObject({ shape: [40, 40], data: expect.objectContaining({ 0: 5000, 1599: 6599 }) })
  expect(life.sink.faults).toEqual([])
})

test('an answer beyond the bound is a fault of its points', async () => {
  await using server = await startCoapServer()
  await server.put('/big', { v: 1, filler: 'x'.repeat(5000) })
  await server.put('/sensor', { temperature: 1 })
  await using life = await connected({ ...at(server.port), bodyBytesMax: 2000 }, [{ address: { path: '/big', field: 'v' } }, temperature])
  expect(life.sink.faults).toMatchObject([{ point: 0, reason: expect.stringContaining('bodyBytesMax (2000 bytes)') }])
  expect(life.sink.samples).toMatchObject([{ point: 1, value: 1 }])
})

test('an error code is a fault in words, and what appears later is read by the next poll', async () => {
  await using server = await startCoapServer()
  await server.put('/sensor', { temperature: 1 })
  await using life = await connected(at(server.port), [
    temperature,
    { address: { path: '/later', field: 'v' } },
    { address: { path: '/time', field: 'v' } },
  ])
  expect(life.sink.latestFault(1)).toMatchObject({
    quality: qualities.badUnknownNode.code,
    reason: expect.stringContaining('4.04 not found to GET /later'),
  })
  expect(life.sink.latestFault(2)).toMatchObject({ quality: qualities.badDecoding.code, reason: expect.stringContaining('not JSON') })
  expect(values(life)).toEqual([1])
  await server.put('/later', { v: 2 })
  await life.poll()
  expect(values(life)).toEqual([1, 2])
})

test('an observed resource that is removed is a fault, and is read again when it is back', async () => {
  await using server = await startCoapServer()
  await server.put('/sensor', { temperature: 1 })
  await using life = await connected(at(server.port))
  await server.remove('/sensor')
  await vi.waitFor(async () => {
    await life.poll()
    expect(life.sink.latestFault(0)?.reason).toContain('4.04 not found')
  })
  await server.put('/sensor', { temperature: 2 })
  await vi.waitFor(async () => {
    await life.poll()
    expect(values(life)).toEqual([1, 2])
  })
})

test('lost datagrams are repeated', async () => {
  await using server = await startCoapServer(undefined, '-l', '2,4,6,8')
  await server.put('/sensor', { temperature: 1 })
  await using life = await connected({ ...at(server.port), observe: false, timeoutMs: 1500 })
  for (let round = 0; round < 3; round++) await life.poll()
  expect(values(life)).toEqual([1, 1, 1, 1])
})

test('a restarted device that forgot its observers is noticed by the refresh', async () => {
  const first = await startCoapServer()
  await first.put('/sensor', { temperature: 1 })
  await using life = await connected({ ...at(first.port), refreshMs: 50 })
  await first.kill()
  await using second = await startCoapServer(first.port)
  await second.put('/sensor', { temperature: 2 })
  await vi.waitFor(async () => {
    await life.poll()
    expect(values(life).at(-1)).toBe(2)
  })
  await second.put('/sensor', { temperature: 3 })
  await vi.waitFor(() => expect(values(life).at(-1)).toBe(3))
})

/** A device of our own that answers as the test says, for what a well-behaved server never does. */
async function device(answer: (request: CoapMessage, send: (message: Partial<CoapMessage>) => void, from: RemoteInfo) => void) {
  const socket = createSocket('udp4')
  socket.on('message', (bytes, from) => {
    const request = decode(bytes)
    if (!request) return
    const defaults: CoapMessage = {
      type: types.ack,
      code: codes.content,
      id: request.id,
      token: request.token,
      options: [],
      payload: Buffer.from('{"temperature": 1}'),
    }
    answer(request, (message) => socket.send(encode({ ...defaults, ...message }), from.port, from.address), from)
  })
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  return { port: socket.address().port, socket, [Symbol.asyncDispose]: () => new Promise<void>((resolve) => socket.close(resolve)) }
}

test('an answer that comes apart from its acknowledgement is taken and acknowledged', async () => {
  const acknowledged: number[] = []
  await using slow = await device((request, send) => {
    if (request.type === types.ack) acknowledged.push(request.id)
    if (request.code !== codes.get || request.type !== types.con) return
    send({ code: codes.empty, token: Buffer.alloc(0), payload: Buffer.alloc(0) })
    send({ type: types.con, id: 4711 })
  })
  await using life = await connected({ ...at(slow.port), observe: false })
  expect(values(life)).toEqual([1])
  await vi.waitFor(() => expect(acknowledged).toEqual([4711]))
})

test('notifications that were overtaken or repeated are not taken again', async () => {
  const observe = (sequence: number, temperature: number) => ({
    options: [uintOption(optionNumbers.observe, sequence)],
    payload: Buffer.from(JSON.stringify({ temperature })),
  })
  const { promise: registered, resolve } = Promise.withResolvers<(message: Partial<CoapMessage>) => void>()
  await using busy = await device((request, send) => {
    if (request.type !== types.con) return
    send(observe(5, 50))
    resolve(send)
  })
  await using life = await connected(at(busy.port))
  const notify = await registered
  let id = 1
  for (const sequence of [7, 6, 7, 5, 8, 8 + 0x80_0000, 9]) notify({ type: types.non, id: id++, ...observe(sequence, sequence * 10) })
  await vi.waitFor(() => expect(values(life).at(-1)).toBe(90))
  expect(values(life)).toEqual([50, 70, 80, 90])
})

test('a resource that never answers is a fault, wherever it stands, and delays no other', async () => {
  let asked = 0
  await using half = await device((request, send) => {
    if (pathOf(request) === '/mute') asked++
    if (request.code === codes.get && pathOf(request) === '/sensor') send({})
  })
  const mute = { address: { path: '/mute', field: 'v' } }
  await using life = await connected({ ...at(half.port), timeoutMs: 200, observe: false }, [mute, temperature])
  await runUntil(life, () => life.sink.faults.length > 0)
  expect(life.sink.faults[0]).toMatchObject({
    point: 0,
    quality: qualities.badNoCommunication.code,
    reason: expect.stringContaining('no answer within 200 ms'),
  })
  const askedBefore = asked
  for (let round = 0; round < 50; round++) await life.poll()
  expect(values(life).length).toBeGreaterThanOrEqual(50)
  expect(asked).toBeLessThan(askedBefore + 10)
})

test('a resource that falls silent does not end the observation of a quiet one', async () => {
  let isMute = false
  await using half = await device((request, send) => {
    if (request.type !== types.con) return
    if (pathOf(request) === '/sensor') send({ options: [uintOption(optionNumbers.observe, 1)] })
    else if (!isMute) send({})
  })
  await using life = await connected({ ...at(half.port), timeoutMs: 100 }, [
    temperature,
    { address: { path: '/polled', field: 'temperature' } },
  ])
  isMute = true
  await runUntil(life, () => life.sink.faults.length > 2)
  expect(life.sink.faults.filter(({ point }) => point === 0)).toEqual([])
})

test('an unknown host name is said', async () => {
  const life = await createLife(coapDriver, { mode: 'client', host: 'no-such-host.invalid' }, [temperature])
  await expect(life.driver.connect(never)).rejects.toMatchObject({ name: 'NotConnected', message: expect.stringContaining('host name') })
  await life.end()
})

test('a device that fails at observing is asked plainly', async () => {
  await using plain = await device((request, send) => {
    if (request.type === types.con) send(observeOf(request) === 0 ? { code: codes.internalError } : {})
  })
  await using life = await connected(at(plain.port))
  await life.poll()
  expect(values(life)).toEqual([1, 1])
  expect(life.sink.faults).toEqual([])
})

test('blocks that do not fit together, and resets, are faults', async () => {
  let blockOptionBytes = 0x08
  await using odd = await device((request, send) => {
    if (pathOf(request) === '/reset') send({ type: types.rst, code: codes.empty, token: Buffer.alloc(0), payload: Buffer.alloc(0) })
    else {
      send({ options: [{ number: optionNumbers.block2, value: Buffer.of(blockOptionBytes) }], payload: Buffer.alloc(16, 'x') })
      blockOptionBytes = 0x58
    }
  })
  await using life = await connected({ ...at(odd.port), observe: false }, [temperature, { address: { path: '/reset' } }])
  expect(life.sink.faults.map(({ reason }) => reason)).toEqual([
    expect.stringContaining('blocks that do not fit together'),
    expect.stringContaining('reset'),
  ])
})
