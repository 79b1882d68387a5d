// The Modbus driver against devices that misbehave as real ones do: slow, garbled, forgetful, confused, gone.
import { createServer, type AddressInfo, type Socket } from 'node:net'
import * as fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { qualities } from '#core/quality.ts'
import { createLife, runUntil, type DriverLife, type PointInput } from '#test/support/driver-life.ts'
import { modbusDriver } from './driver.ts'

const never = new AbortController().signal

interface Request {
  readonly id: number
  readonly unit: number
  readonly functionCode: number
  readonly address: number
  readonly count: number
  readonly pdu: Buffer
}

function frame(id: number, unit: number, pdu: Uint8Array): Buffer {
  const header = Buffer.alloc(7)
  header.writeUInt16BE(id, 0)
  header.writeUInt16BE(pdu.length + 1, 4)
  header[6] = unit
  return Buffer.concat([header, pdu])
}

/** The right answer to a read: every register holds its own address plus `plus`. */
function registers({ functionCode, address, count }: Request, plus = 0): Buffer {
  const pdu = Buffer.alloc(2 + count * 2)
  pdu[0] = functionCode
  pdu[1] = count * 2
  for (let index = 0; index < count; index++) pdu.writeUInt16BE((address + index + plus) & 0xffff, 2 + index * 2)
  return pdu
}
const exception = ({ functionCode }: Request, code: number) => Buffer.of(functionCode | 0x80, code)
const right = (request: Request) => frame(request.id, request.unit, registers(request))

/** A device of our own making: `answer` gets every request and writes what it likes. */
async function device(answer: (request: Request, socket: Socket, requests: readonly Request[]) => void) {
  const sockets = new Set<Socket>()
  const requests: Request[] = []
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    let rest: Buffer = Buffer.alloc(0)
    socket.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk])
      while (rest.length >= 12 && rest.length >= 6 + rest.readUInt16BE(4)) {
        const end = 6 + rest.readUInt16BE(4)
        const pdu = Buffer.from(rest.subarray(7, end))
        const request = {
          id: rest.readUInt16BE(0),
          unit: rest[6] as number,
          functionCode: pdu[0] as number,
          address: pdu.readUInt16BE(1),
          count: pdu.readUInt16BE(3),
          pdu,
        }
        rest = rest.subarray(end)
        requests.push(request)
        answer(request, socket, requests)
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return { port: (server.address() as AddressInfo).port, requests }
}

const register = (address: number, more: object = {}): PointInput => ({ address: { table: 'holding', address, type: 'uint16', ...more } })

async function connected(port: number, points: readonly PointInput[], settings: object = {}): Promise<DriverLife> {
  const life = await createLife(modbusDriver, { host: '127.0.0.1', port, timeoutMs: 60, ...settings }, points)
  onTestFinished(() => life.end())
  await life.driver.connect(never)
  return life
}
const poll = (life: DriverLife, signal = never) => life.driver.poll?.(signal) ?? Promise.resolve()
const latest = (life: DriverLife, count: number) => Array.from({ length: count }, (_, point) => life.sink.latest(point)?.value)

test('An answer that comes byte by byte is put together', async () => {
  const { port } = await device(async (request, socket) => {
    for (const byte of right(request)) {
      socket.write(Buffer.of(byte))
      await new Promise((resolve) => setImmediate(resolve))
    }
  })
  const life = await connected(port, [register(3), register(4)], { timeoutMs: 1000 })
  await poll(life)
  expect(latest(life, 2)).toEqual([3, 4])
})

test('Answers cut and joined anywhere give the same values, in any order, many in flight', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 10 }), fc.boolean(), async (cuts, isReversed) => {
      const answers: Buffer[] = []
      const { port } = await device(async (request, socket, requests) => {
        answers.push(right(request))
        if (requests.length % 4 !== 0) return
        const all = Buffer.concat(isReversed ? answers.splice(0).toReversed() : answers.splice(0))
        for (let at = 0, turn = 0; at < all.length; turn++) {
          const length = cuts[turn % cuts.length] as number
          socket.write(all.subarray(at, at + length))
          at += length
          await new Promise((resolve) => setImmediate(resolve))
        }
      })
      const life = await connected(port, [register(0), register(100), register(200), register(300)], {
        requestsInFlight: 4,
        timeoutMs: 2000,
      })
      await poll(life)
      expect(latest(life, 4)).toEqual([0, 100, 200, 300])
      await life.end()
    }),
    { numRuns: 15 },
  )
})

test('A device without a gateway may want to be called unit 255, as the standard says', async () => {
  const { port } = await device((request, socket) => request.unit === 255 && socket.write(right(request)))
  const life = await connected(port, [register(7)], { unit: 255 })
  await poll(life)
  expect(latest(life, 1)).toEqual([7])
  expect(modbusDriver.settings.safeParse({ host: 'x', unit: 248 }).success).toBe(false)
})

test('An answer to nobody is discarded', async () => {
  const { port } = await device((request, socket) =>
    socket.write(Buffer.concat([frame(request.id ^ 0x5555, request.unit, registers(request, 1000)), right(request)])),
  )
  const life = await connected(port, [register(7)])
  await poll(life)
  expect(latest(life, 1)).toEqual([7])
})

test('A late answer is not taken for the answer to the next request', async () => {
  let held: Buffer | undefined
  const { port } = await device((request, socket, requests) => {
    if (requests.length === 1) held = frame(request.id, request.unit, registers(request, 1000))
    else socket.write(Buffer.concat([...(held ? [held] : []), right(request)]))
  })
  const life = await connected(port, [register(7)])
  await poll(life)
  expect(life.sink.latestFault(0)).toMatchObject({ quality: qualities.badNoCommunication.code })
  await poll(life)
  expect(latest(life, 1)).toEqual([7])
})

test.each([
  [
    'the wrong length',
    (request: Request) => frame(request.id, request.unit, registers({ ...request, count: request.count + 1 })),
    '4 bytes of data, 2 were',
  ],
  ['another function', (request: Request) => frame(request.id, request.unit, registers({ ...request, functionCode: 4 })), 'to function 4'],
  ['another unit', (request: Request) => frame(request.id, 9, registers(request)), 'unit 9 answered where unit 1 was asked'],
] as const)('An answer of %s marks the points of its read and nothing else', async (_, wrong, reason) => {
  const { port } = await device((request, socket) => socket.write(request.address === 0 ? wrong(request) : right(request)))
  const life = await connected(port, [register(0), register(500)])
  await poll(life)
  expect(life.sink.faults).toMatchObject([{ point: 0, quality: qualities.badDecoding.code, reason: expect.stringContaining(reason) }])
  expect(life.sink.latest(1)?.value).toBe(500)
})

test('What is no Modbus at all is NotConnected, and says what came', async () => {
  const { port } = await device((_, socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'))
  const life = await connected(port, [register(0)])
  await expect(poll(life)).rejects.toMatchObject({
    name: 'NotConnected',
    message: expect.stringContaining('does not speak Modbus TCP: it sent 485454'),
  })
})

test('A device that hangs up in the middle of an answer is NotConnected, at once and for the next poll', async () => {
  const { port } = await device((request, socket) => socket.end(right(request).subarray(0, 8)))
  const life = await connected(port, [register(0)])
  await expect(poll(life)).rejects.toMatchObject({ name: 'NotConnected' })
  await expect(poll(life)).rejects.toMatchObject({ name: 'NotConnected', message: expect.stringContaining('closed the connection') })
  expect(life.lost).toHaveLength(1)
  expect(life.sink.samples).toEqual([])
})

test('A busy device marks its points, is not asked in pieces, and is read again when it is free', async () => {
  const { port, requests } = await device((request, socket, { length }) =>
    socket.write(length === 1 ? frame(request.id, request.unit, exception(request, 6)) : right(request)),
  )
  const life = await connected(port, [register(0), register(1)])
  await poll(life)
  expect(life.sink.faults.map(({ reason }) => reason)).toEqual(Array(2).fill(expect.stringContaining('it is busy')))
  await poll(life)
  expect(latest(life, 2)).toEqual([0, 1])
  expect(requests).toHaveLength(2)
})

test('A refused read is split down to the bad register, and whole again when that one recovers', async () => {
  let isBroken = true
  const { port, requests } = await device((request, socket) => {
    const coversBad = request.address <= 5 && request.address + request.count > 5
    socket.write(coversBad && isBroken ? frame(request.id, request.unit, exception(request, 2)) : right(request))
  })
  const life = await connected(
    port,
    Array.from({ length: 8 }, (_, address) => register(address)),
  )
  await poll(life)
  expect(life.sink.faults.map(({ point }) => point)).toEqual([5])
  expect(life.sink.samples).toHaveLength(7)
  isBroken = false
  await poll(life)
  requests.length = 0
  await poll(life)
  expect(requests).toMatchObject([{ address: 0, count: 8 }])
  expect(life.sink.latest(5)?.value).toBe(5)
})

test('A register the device never answers for starves none of the others', async () => {
  const { port } = await device((request, socket) => request.address !== 100 && socket.write(right(request)))
  const life = await connected(port, [register(0), register(100), register(200), register(300)])
  for (let round = 0; round < 4; round++) await poll(life)
  expect(latest(life, 4)).toEqual([0, undefined, 200, 300])
  expect(life.sink.of(0)).toHaveLength(4)
  expect(life.sink.of(3).length).toBeGreaterThanOrEqual(3)
})

test('A silent unit is asked less and less often beside one that answers, and read again once it answers', async () => {
  let isSilent = true
  const { port, requests } = await device((request, socket) => (request.unit === 2 && isSilent) || socket.write(right(request)))
  const life = await connected(port, [register(0), register(1, { unit: 2 })], { timeoutMs: 10, requestsInFlight: 2 })
  await runUntil(life, () => life.sink.of(0).length > 30)
  expect(requests.filter(({ unit }) => unit === 2).length).toBeLessThan(15)
  isSilent = false
  await runUntil(life, () => life.sink.of(1).length > 2)
  expect(life.lost).toEqual([])
})

test('A device that falls silent altogether is NotConnected after three unanswered reads', async () => {
  let isSilent = false
  const { port } = await device((request, socket) => isSilent || socket.write(right(request)))
  const life = await connected(port, [register(0), register(1, { unit: 2 })], { timeoutMs: 10 })
  await poll(life)
  isSilent = true
  await poll(life)
  await poll(life)
  await expect(poll(life)).rejects.toMatchObject({
    name: 'NotConnected',
    message: expect.stringContaining('answered none of the last 3 reads'),
  })
  expect(life.sink.faults.length).toBeGreaterThan(0)
})

test('An aborted poll ends at once; closing during a poll ends it and gives the sink nothing more', async () => {
  const { port } = await device(() => {})
  const life = await connected(port, [register(0)], { timeoutMs: 60_000 })
  const abort = new AbortController()
  const aborted = poll(life, abort.signal)
  abort.abort(new Error('enough'))
  await expect(aborted).rejects.toThrow('enough')
  const closed = expect(poll(life)).rejects.toMatchObject({ name: 'NotConnected' })
  await life.end()
  await closed
  expect(life.sink.faults).toEqual([])
  expect(life.sink.violations).toEqual([])
  expect(life.lost).toEqual([])
})

test('A write goes before the reads that wait, and is confirmed by its own answer', async () => {
  const { port, requests } = await device((request, socket) => {
    socket.write(request.functionCode === 6 ? frame(request.id, request.unit, request.pdu) : right(request))
  })
  const life = await connected(
    port,
    [0, 100, 200, 300].map((address) => register(address)),
  )
  await Promise.all([poll(life), life.driver.write?.(3, 42)])
  expect(requests.findIndex(({ functionCode }) => functionCode === 6)).toBeLessThan(3)
})

test('A device that knows only the writing of several registers or coils gets that', async () => {
  const { port, requests } = await device((request, socket) => {
    const isKnown = request.functionCode === 15 || request.functionCode === 16
    socket.write(frame(request.id, request.unit, isKnown ? request.pdu.subarray(0, 5) : exception(request, 1)))
  })
  const life = await connected(port, [register(5), { definition: { kind: 'boolean' }, address: { table: 'coil', address: 6 } }])
  await life.driver.write?.(0, 7)
  await life.driver.write?.(1, true)
  expect(requests.map(({ functionCode }) => functionCode)).toEqual([6, 16, 5, 15])
  expect(requests[1]?.pdu.toString('hex')).toBe('1000050001020007')
  expect(requests[3]?.pdu.toString('hex')).toBe('0f000600010101')
})

test.each([
  ['nothing', () => undefined],
  ['the confirmation of another write', (request: Request) => frame(request.id, request.unit, Buffer.of(6, 0, 9, 0, 9))],
] as const)('A write answered by %s is not confirmed', async (_, answer) => {
  const { port } = await device((request, socket) => {
    const bytes = answer(request)
    if (bytes) socket.write(bytes)
  })
  const life = await connected(port, [register(5)])
  await expect(life.driver.write?.(0, 7)).rejects.toMatchObject({ name: 'NotConnected', message: expect.stringContaining('not confirmed') })
})

test('A bit of a register that the device cannot write alone is rejected rather than written over its neighbours', async () => {
  const { port, requests } = await device((request, socket) => socket.write(frame(request.id, request.unit, exception(request, 1))))
  const life = await connected(port, [{ definition: { kind: 'boolean' }, address: { table: 'holding', address: 1, type: 'bit', bit: 4 } }])
  await expect(life.driver.write?.(0, true)).rejects.toMatchObject({
    name: 'Rejected',
    message: expect.stringContaining('does not know this function'),
  })
  expect(requests.map(({ functionCode }) => functionCode)).toEqual([22])
})

test('Not-a-number and infinite floats are faults', async () => {
  const { port } = await device((request, socket) => {
    const pdu = Buffer.concat([Buffer.of(3, 8), Buffer.from('7fc000007f800000', 'hex')])
    socket.write(frame(request.id, request.unit, pdu))
  })
  const life = await connected(port, [register(0, { type: 'float32' }), register(2, { type: 'float32' })])
  await poll(life)
  expect(life.sink.faults.map(({ reason }) => reason)).toEqual(['the float32 is NaN (not a number)', 'the float32 is infinite'])
  expect(life.sink.samples).toEqual([])
})
