// The Modbus server as pymodbus sees it, and as somebody sees it who sends anything but Modbus.
import { connect, createServer, type Socket } from 'node:net'
import { once } from 'node:events'
import { expect, test, vi } from 'vitest'
import { freePort } from '#test/support/free-port.ts'
import { runProgram } from '#test/support/program.ts'
import { simulate } from '#test/support/simulation.ts'

const press = (port: number) => ({
  path: 'site/SIM001',
  profile: 'plc-line',
  model: 'press-line',
  serve: { periodMs: 100, modbus: { port } },
})

/** Runs lines of Python with a connected pymodbus client `c`; the last expression assigned to `result` comes back as JSON. */
async function pymodbus<T>(port: number, lines: string): Promise<T> {
  const script = `
import json, struct
from pymodbus.client import ModbusTcpClient
c = ModbusTcpClient('127.0.0.1', port=${port}, timeout=5)
assert c.connect()
${lines}
c.close()
print(json.dumps(result))
`
  const { code, output, errors } = await runProgram('/usr/bin/python3', ['-c', script])
  if (/No module named .pymodbus/.test(errors)) throw new Error('pymodbus is missing: apt-get install python3-pymodbus')
  if (code !== 0) throw new Error(errors)
  return JSON.parse(output) as T
}

test('pymodbus reads the registers, coils and inputs of the press line as its profile maps them', async () => {
  const port = await freePort()
  await using simulation = await simulate([press(port)])
  const read = await pymodbus<Record<string, number | boolean>>(
    port,
    `
r = c.read_holding_registers(0, 10, slave=1).registers
i = c.read_input_registers(0, 5, slave=1).registers
f = lambda a, b: struct.unpack('>f', struct.pack('>HH', a, b))[0]
result = dict(temperature=f(r[0], r[1]), pressure=f(r[3], r[2]), rpm=r[4] / 10, strokeRateSetpoint=r[5], parts=r[6] * 65536 + r[7],
  rejects=r[9] * 65536 + r[8], motorCurrent=i[0] / 100, vibration=f(i[1], i[2]), strokes=i[3] * 65536 + i[4],
  run=c.read_coils(0, 1, slave=1).bits[0], running=c.read_discrete_inputs(0, 1, slave=1).bits[0])`,
  )
  const truth = simulation.machines[0]?.truth ?? {}
  for (const tag of ['temperature', 'pressure', 'rpm', 'motorCurrent', 'vibration'])
    expect(Math.abs((read[tag] as number) / (truth[tag] as number) - 1), tag).toBeLessThan(0.2)
  expect(read).toMatchObject({ strokeRateSetpoint: 30, run: true, running: true })
  expect(read['strokes']).toBe((read['parts'] as number) + (read['rejects'] as number))
})

test('Writing the run coil stops the line, writing the set point changes its pace', async () => {
  const port = await freePort()
  await using simulation = await simulate([press(port)], { speed: 20 })
  await pymodbus(port, 'c.write_coil(0, False, slave=1)\nresult = 0')
  await vi.waitFor(() => expect(simulation.machines[0]?.truth).toMatchObject({ run: false, running: false }))
  const answer = await pymodbus<unknown[]>(
    port,
    `
a = c.write_coils(0, [True], slave=1)
b = c.write_register(5, 45, slave=1)
d = c.write_registers(5, [50], slave=1)
result = [a.isError(), b.isError(), d.isError(), c.read_holding_registers(5, 1, slave=1).registers[0], c.read_coils(0, 1, slave=1).bits[0]]`,
  )
  expect(answer).toEqual([false, false, false, 50, true])
  expect(simulation.machines[0]?.truth).toMatchObject({ run: true, strokeRateSetpoint: 50 })
})

test('Illegal addresses, values and functions get their exceptions', async () => {
  const port = await freePort()
  await using _ = await simulate([press(port)])
  const codes = await pymodbus<number[]>(
    port,
    `
from pymodbus.mei_message import ReadDeviceInformationRequest
e = lambda r: r.exception_code if r.isError() else 0
result = [e(c.read_holding_registers(9, 2, slave=1)), e(c.read_coils(500, 1, slave=1)), e(c.write_register(0, 1, slave=1)), e(c.write_register(4, 1, slave=1)),
  e(c.write_register(5, 1000, slave=1)), e(c.write_coil(7, True, slave=1)), e(c.read_input_registers(0, 5, slave=9)), e(c.execute(ReadDeviceInformationRequest(unit=1)))]`,
  )
  expect(codes).toEqual([2, 2, 2, 2, 3, 2, 11, 1])
})

/** A frame: transaction id, protocol 0, length, unit 1, then the request. */
function frame(transaction: number, ...request: number[]): Buffer {
  const header = Buffer.alloc(7)
  header.writeUInt16BE(transaction, 0)
  header.writeUInt16BE(request.length + 1, 4)
  header[6] = 1
  return Buffer.concat([header, Buffer.from(request)])
}

async function connectTo(port: number): Promise<{ socket: Socket; received: () => Buffer }> {
  const socket = connect(port, '127.0.0.1')
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.on('error', () => {})
  await once(socket, 'connect')
  return { socket, received: () => Buffer.concat(chunks) }
}

const readRun = [1, 0, 0, 0, 1]
const runAnswerBytes = 10

test('Several requests in one segment and requests in pieces are answered, in order', async () => {
  const port = await freePort()
  await using _ = await simulate([press(port)])
  const { socket, received } = await connectTo(port)
  const bytes = Buffer.concat([1, 2, 3, 4].map((transaction) => frame(transaction, ...readRun)))
  socket.write(bytes.subarray(0, 27))
  await vi.waitFor(() => expect(received().length).toBe(2 * runAnswerBytes))
  for (const byte of bytes.subarray(27)) {
    socket.write(Buffer.from([byte]))
    await new Promise((resolve) => setImmediate(resolve))
  }
  await vi.waitFor(() => expect(received().length).toBe(4 * runAnswerBytes))
  expect([0, 1, 2, 3].map((i) => received().readUInt16BE(i * runAnswerBytes))).toEqual([1, 2, 3, 4])
  socket.destroy()
})

test('Malformed requests get an exception: wrong byte counts, too many registers, nothing after the function', async () => {
  const port = await freePort()
  await using _ = await simulate([press(port)])
  const { socket, received } = await connectTo(port)
  const requests = [
    [3],
    [3, 0, 0],
    [3, 0, 0, 0, 0],
    [3, 0, 0, 0, 126],
    [16, 0, 5, 0, 1, 4, 0, 1],
    [16, 0, 5, 0, 1, 2, 0],
    [15, 0, 0, 0, 1, 1],
    [16],
    [5, 0, 0, 0x12, 0x34],
    [6, 0, 5],
    [99, 1, 2, 3],
  ]
  socket.write(Buffer.concat(requests.map((request, i) => frame(i, ...request))))
  await vi.waitFor(() => expect(received().length).toBe(requests.length * 9))
  requests.forEach((request, i) => {
    expect(received()[i * 9 + 7]).toBe((request[0] as number) | 0x80)
    expect(received()[i * 9 + 8]).toBe(request[0] === 99 ? 1 : 3)
  })
  socket.destroy()
})

test('What is no Modbus ends that connection only', async () => {
  const port = await freePort()
  await using simulation = await simulate([press(port)])
  const good = await connectTo(port)
  const hostile = [
    Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
    Buffer.alloc(5000, 0xff),
    Buffer.from([0, 1, 0, 0, 0, 0, 1]),
    Buffer.from([0, 1, 0, 0, 0, 1, 1]),
    Buffer.from([0, 1, 0, 0, 0xff, 0xff, 1, 3]),
  ]
  for (const bytes of hostile) {
    const { socket } = await connectTo(port)
    const closed = once(socket, 'close')
    socket.write(bytes)
    await closed
  }
  let seed = 12345
  const random = () => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) >> 8
  for (let round = 0; round < 50; round++) {
    const { socket } = await connectTo(port)
    socket.write(Buffer.from(Array.from({ length: 300 }, () => random() & 0xff)))
    socket.end()
  }
  good.socket.write(frame(7, ...readRun))
  await vi.waitFor(() => expect(good.received().length).toBe(runAnswerBytes))
  expect(simulation.machines[0]?.servers['modbus']?.['malformed']).toBeGreaterThanOrEqual(hostile.length)
  good.socket.destroy()
})

test('A drop-out cuts clients off, and afterwards the controller is back', async () => {
  const port = await freePort()
  await using simulation = await simulate([press(port)])
  const { socket } = await connectTo(port)
  const closed = once(socket, 'close')
  simulation.inject({ machine: 'SIM001', fault: 'dropOut', severity: 1, durationSeconds: 1 })
  await closed
  await vi.waitFor(async () => (await connectTo(port)).socket.destroy(), { timeout: 10_000 })
})

test('A taken port is named with the machine that needs it', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as { port: number }
  await expect(simulate([press(port)])).rejects.toThrow(
    `port ${port} is taken by another program; the simulated machine site/SIM001 needs it for Modbus`,
  )
  other.close()
})
