// The Modbus driver against a server of another make (pymodbus).
import { afterAll, beforeAll, expect, test } from 'vitest'
import { driverContract } from '#test/contracts/driver.ts'
import { startPymodbus, type Pymodbus } from '#test/foreign/pymodbus.ts'
import { createLife, type DriverLife, type PointInput } from '#test/support/driver-life.ts'
import { modbusDriver } from './driver.ts'
import { orders } from './settings.ts'

const never = new AbortController().signal
const values = {
  int16: -12_345,
  uint16: 54_321,
  int32: -123_456_789,
  uint32: 3_123_456_789,
  float32: 1234.5,
  float64: -1.234_567_890_123e45,
}
const bigs = { int64: -9_007_199_254_740_991, uint64: 9_007_199_254_740_991 }
const cases = [...Object.entries(values), ...Object.entries(bigs)].flatMap(([type, value], row) =>
  orders.map((order, column) => ({ address: (row * 4 + column) * 8, type, order, value })),
)

let server: Pymodbus
beforeAll(async () => {
  const numbers = cases.map(
    ({ address, type, order, value }) => [address, type, order, type.includes('64') ? String(value) : value] as const,
  )
  server = await startPymodbus({
    1: {
      holding: [
        ...numbers.map(([address, type, order, value]) => [address, type, order, type === 'float64' ? Number(value) : value] as const),
        [1000, 'string', 'ABCD', 'PUMP 7\0\0'],
        [1010, 'uint16', 'ABCD', 0b1000_0000_0000_0100],
        [1020, 'float32', 'ABCD', 0],
        [1030, 'uint64', 'ABCD', '9007199254740993'],
      ],
      input: numbers.slice(0, 4),
      coil: [
        [0, true],
        [1, false],
        [9, true],
      ],
      discrete: [
        [0, false],
        [1, true],
      ],
    },
    7: { holding: [[0, 'uint16', 'ABCD', 77]] },
  })
})
afterAll(() => server.stop())

const connected = async (points: readonly PointInput[], settings: Record<string, unknown> = {}): Promise<DriverLife> => {
  const life = await createLife(modbusDriver, { host: '127.0.0.1', port: server.port, ...settings }, points)
  await life.driver.connect(never)
  return life
}
const polled = async (points: readonly PointInput[], settings: Record<string, unknown> = {}): Promise<DriverLife> => {
  const life = await connected(points, settings)
  await life.driver.poll?.(never)
  return life
}

driverContract('modbus', {
  module: modbusDriver,
  transport: 'tcp',
  start: async () => {
    const own = await startPymodbus({ 1: { holding: [[0, 'uint16', 'ABCD', 5]] } })
    return { settings: { host: '127.0.0.1', port: own.port, periodMs: 20 }, stop: () => own.stop() }
  },
  settingsAt: (port) => ({ host: '127.0.0.1', port, timeoutMs: 50 }),
  healthy: { address: { table: 'holding', address: 0, type: 'uint16' } },
  malformed: { address: { table: 'holding', address: 1, type: 'uint16' } },
  wrongAddresses: [
    { table: 'holding', address: 0 },
    { table: 'holding', address: 65_535, type: 'float32' },
    { table: 'holding', address: -1, type: 'int16' },
    { table: 'holding', address: 0, type: 'bit' },
    { table: 'holding', address: 0, type: 'bool' },
    { table: 'holding', address: 0, type: 'string' },
    { table: 'coil', address: 0, type: 'int16' },
    { table: 'input', address: 0, type: 'int16', scale: 0 },
    { table: 'input', address: 0, type: 'int16', unit: 248 },
    { table: 'input', address: 0, type: 'int16', register: 1 },
  ],
})

test('Every type in every order reads as another make wrote it, several requests in flight', async () => {
  const points = cases.map(({ address, type, order }) => ({ address: { table: 'holding', address, type, order } }))
  const life = await polled(points, { requestsInFlight: 4, maxRegistersPerRead: 20 })
  expect(life.sink.samples.toSorted((a, b) => a.point - b.point).map(({ value }) => value)).toEqual(cases.map(({ value }) => value))
  expect(life.sink.faults).toEqual([])
  expect(life.sink.violations).toEqual([])
  await life.end()
})

test('All four tables, text, single bits, scale and a second unit are read', async () => {
  const life = await polled([
    { address: { table: 'input', address: 0, type: 'int16', scale: 0.1, offset: 10 } },
    { definition: { kind: 'boolean' }, address: { table: 'coil', address: 9 } },
    { definition: { kind: 'boolean' }, address: { table: 'discrete', address: 0 } },
    { definition: { kind: 'boolean' }, address: { table: 'discrete', address: 1 } },
    { definition: { kind: 'text' }, address: { table: 'holding', address: 1000, type: 'string', length: 4 } },
    { definition: { kind: 'boolean' }, address: { table: 'holding', address: 1010, type: 'bit', bit: 15 } },
    { definition: { kind: 'boolean' }, address: { table: 'holding', address: 1010, type: 'bit', bit: 3 } },
    { address: { table: 'holding', address: 0, type: 'uint16', unit: 7 } },
  ])
  const latest = Array.from({ length: 8 }, (_, point) => life.sink.latest(point)?.value)
  expect(latest).toEqual([-1224.5, true, false, true, 'PUMP 7', true, false, 77])
  expect(life.sink.violations).toEqual([])
  await life.end()
})

test('An illegal register marks only itself, although its neighbours are asked for together', async () => {
  const addresses = [0, 8, 9, 16]
  const life = await polled(addresses.map((address) => ({ address: { table: 'holding', address, type: 'int16' } })))
  expect(life.sink.samples.map(({ point }) => point)).toEqual([0, 1, 3])
  expect(life.sink.faults).toMatchObject([
    { point: 2, reason: 'holding 9 of unit 1: the device answers with exception 2: it has no such address' },
  ])
  life.sink.clear()
  await life.driver.poll?.(never)
  expect(life.sink.samples).toHaveLength(3)
  expect(life.sink.faults).toHaveLength(1)
  await life.end()
})

test('An integer that would lose digits is a fault with the mend', async () => {
  const life = await polled([{ address: { table: 'holding', address: 1030, type: 'uint64' } }])
  expect(life.sink.samples).toEqual([])
  expect(life.sink.faults[0]?.reason).toMatch('beyond 2^53')
  await life.end()
})

test('A unit that does not answer is marked and delays no other', async () => {
  const points = [1, 9, 7].map((unit) => ({ address: { table: 'holding', address: 0, type: 'uint16', unit } }))
  const life = await connected(points, { timeoutMs: 100, requestsInFlight: 2 })
  for (let round = 0; round < 10; round++) await life.driver.poll?.(never)
  expect(life.sink.of(0)).toHaveLength(10)
  expect(life.sink.of(2)).toHaveLength(10)
  expect(life.sink.of(1)).toEqual([])
  expect(life.sink.latestFault(1)?.reason).toMatch('unit 9 did not answer within 100 ms')
  expect(life.lost).toEqual([])
  await life.end()
})

test('Writes of every kind arrive in the store of another make as it would code them', async () => {
  const life = await connected([
    { address: { table: 'holding', address: 0, type: 'int16', scale: 0.1 } },
    { address: { table: 'holding', address: 1020, type: 'float32', order: 'CDAB' } },
    { definition: { kind: 'boolean' }, address: { table: 'coil', address: 1 } },
    { definition: { kind: 'text' }, address: { table: 'holding', address: 1000, type: 'string', length: 4 } },
    { definition: { kind: 'boolean' }, address: { table: 'holding', address: 1010, type: 'bit', bit: 3 } },
  ])
  const write = (point: number, value: number | boolean | string) => life.driver.write?.(point, value)
  await Promise.all([write(0, -1.5), write(1, 1.5), write(2, true), write(3, 'FAN'), write(4, true)])
  expect(await server.items(1, 'holding', 0, 1)).toEqual([0x1_0000 - 15])
  expect(await server.items(1, 'holding', 1020, 2)).toEqual([0, 0x3fc0])
  expect(await server.items(1, 'coil', 1, 1)).toEqual([true])
  expect(await server.items(1, 'holding', 1000, 4)).toEqual([0x4641, 0x4e00, 0, 0])
  expect(await server.items(1, 'holding', 1010, 1)).toEqual([0b1000_0000_0000_1100])
  await life.end()
})

test('A write that cannot be is rejected with the reason, and nothing is changed', async () => {
  const life = await connected([
    { address: { table: 'holding', address: 8, type: 'uint16' } },
    { address: { table: 'holding', address: 9, type: 'uint16' } },
    { address: { table: 'input', address: 0, type: 'uint16' } },
    { definition: { kind: 'boolean' }, address: { table: 'coil', address: 0 } },
  ])
  const before = await server.items(1, 'holding', 8, 1)
  const rejected = (message: string) => ({ name: 'Rejected', message: expect.stringContaining(message) })
  await expect(life.driver.write?.(0, 65_536)).rejects.toMatchObject(rejected('write 0 to 65535'))
  await expect(life.driver.write?.(0, Number.NaN)).rejects.toMatchObject(rejected('finite number'))
  await expect(life.driver.write?.(1, 1)).rejects.toMatchObject(rejected('it has no such address'))
  await expect(life.driver.write?.(2, 1)).rejects.toMatchObject(rejected('can only be read'))
  await expect(life.driver.write?.(3, 2)).rejects.toMatchObject(rejected('true or false'))
  expect(await server.items(1, 'holding', 8, 1)).toEqual(before)
  await life.end()
})

test.each([
  [{ kind: 'text' }, { type: 'int16' }, 'kind text cannot hold a int16'],
  [{ kind: 'number' }, { type: 'string', length: 2 }, "make the tag's kind text"],
  [{ kind: 'array', shape: [2] }, { type: 'float32' }, 'kind array cannot be read'],
  [{ writable: true }, { type: 'int16', table: 'input' }, 'use holding'],
  [{ kind: 'text', writable: true }, { type: 'string', length: 124 }, 'do not fit one write'],
  [{ kind: 'text' }, { type: 'string', length: 125 }, 'more than maxRegistersPerRead 124'],
] as const)('A tag %j at %j is refused when the driver is created', async (definition, address, message) => {
  const point = { definition: definition as PointInput['definition'] & object, address: { table: 'holding', address: 0, ...address } }
  await expect(createLife(modbusDriver, { host: 'x', maxRegistersPerRead: 124 }, [point])).rejects.toMatchObject({
    name: 'ConfigError',
    message: expect.stringContaining(message),
  })
})
