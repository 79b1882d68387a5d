// The OPC UA driver against a real server. Both sides are node-opcua: what both get wrong alike stays unseen here.
import { mkdtempSync, readdirSync, renameSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { createServer, connect as dial, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DataType, DataValue, StatusCodes, VariantArrayType } from 'node-opcua-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ManualClock, systemClock, type Clock } from '#core/clock.ts'
import { qualities, qualityOf } from '#core/quality.ts'
import { driverContract } from '#test/contracts/driver.ts'
import { createLife, quickened, runUntil, type DriverLife, type PointInput } from '#test/support/driver-life.ts'
import { startOpcuaServer, type Namespace, type TestOpcuaServer } from '#test/support/opcua-server.ts'
import { opcuaDriver } from './driver.ts'

const never = new AbortController().signal
const folder = mkdtempSync(join(tmpdir(), 'millwright-opcua-client-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

/** 12:00:00.123 4567 UTC: OPC UA carries seven decimals, we keep six. */
const sourceTimestamp = new Date('2026-03-04T12:00:00.123Z')
const sourcePicoseconds = 456_700_000
const sourceTime = sourceTimestamp.getTime() * 1000 + 456

type Variable = ReturnType<Namespace['addVariable']>
const nodes = new Map<string, Variable>()
const node = (name: string) => nodes.get(name) as Variable

function addNode(namespace: Namespace, name: string, dataType: DataType, options: object = {}): Variable {
  const variable = namespace.addVariable({
    organizedBy: namespace.addressSpace.rootFolder.objects,
    browseName: name,
    nodeId: `s=${name}`,
    dataType: DataType[dataType],
    minimumSamplingInterval: 10,
    ...options,
  })
  nodes.set(name, variable)
  return variable
}

const scalars: [name: string, dataType: DataType, value: unknown, seen: number | boolean | string, kind: 'number' | 'boolean' | 'text'][] =
  [
    ['sbyte', DataType.SByte, -100, -100, 'number'],
    ['byte', DataType.Byte, 200, 200, 'number'],
    ['int16', DataType.Int16, -30_000, -30_000, 'number'],
    ['uint16', DataType.UInt16, 60_000, 60_000, 'number'],
    ['int32', DataType.Int32, -2_000_000_000, -2_000_000_000, 'number'],
    ['uint32', DataType.UInt32, 4_000_000_000, 4_000_000_000, 'number'],
    ['int64', DataType.Int64, [0xffff_ffff, 0xffff_fffe], -2, 'number'],
    ['uint64', DataType.UInt64, [1, 5], 4_294_967_301, 'number'],
    ['float', DataType.Float, 1.5, 1.5, 'number'],
    ['double', DataType.Double, Math.PI, Math.PI, 'number'],
    ['flag', DataType.Boolean, true, true, 'boolean'],
    ['name', DataType.String, 'Presse Süd', 'Presse Süd', 'text'],
    ['label', DataType.LocalizedText, { text: 'läuft' }, 'läuft', 'text'],
    ['when', DataType.DateTime, new Date('2026-01-02T03:04:05.678Z'), '2026-01-02T03:04:05.678000Z', 'text'],
  ]

function fill(namespace: Namespace): void {
  for (const [name, dataType, value] of scalars)
    addNode(namespace, name, dataType).setValueFromSource(
      { dataType, arrayType: VariantArrayType.Scalar, value },
      StatusCodes.Good,
      sourceTimestamp,
    )
  addNode(namespace, 'huge', DataType.UInt64).setValueFromSource({
    dataType: DataType.UInt64,
    arrayType: VariantArrayType.Scalar,
    value: [0x20_0000, 1],
  })
  addNode(namespace, 'nan', DataType.Double).setValueFromSource({ dataType: DataType.Double, value: Number.NaN })
  addNode(namespace, 'temperature', DataType.Double).setValueFromSource({ dataType: DataType.Double, value: 20 })
  addNode(namespace, 'setpoint', DataType.Int16).setValueFromSource({ dataType: DataType.Int16, value: 0 })
  addNode(namespace, 'readOnly', DataType.Int16, { accessLevel: 'CurrentRead' }).setValueFromSource({ dataType: DataType.Int16, value: 0 })
  addNode(namespace, 'wave', DataType.Double, { valueRank: 1, arrayDimensions: [4] }).setValueFromSource({
    dataType: DataType.Double,
    arrayType: VariantArrayType.Array,
    value: new Float64Array([1, 2, 3, 4]),
  })
  addNode(namespace, 'field', DataType.Float, { valueRank: 2, arrayDimensions: [100, 100] }).setValueFromSource({
    dataType: DataType.Float,
    arrayType: VariantArrayType.Matrix,
    dimensions: [100, 100],
    value: Float32Array.from({ length: 10_000 }, (_, index) => index / 7),
  })
}

let server: TestOpcuaServer
beforeAll(async () => {
  server = await startOpcuaServer(fill)
})
afterAll(() => server.stop())

const fast = { publishingMs: 20, samplingMs: 10 }
const at = (name: string) => ({ nodeId: `ns=${server.namespace.index};s=${name}` })
const connected = async (points: readonly PointInput[], settings: object = {}, clock: Clock = systemClock): Promise<DriverLife> => {
  const life = await createLife(opcuaDriver, { endpointUrl: server.endpointUrl, ...fast, ...settings }, points, { folder, clock })
  await life.driver.connect(never)
  return life
}

driverContract('opcua', {
  module: opcuaDriver,
  transport: 'tcp',
  folder,
  clock: quickened(10),
  start: async () => {
    let value = 0
    let timer: NodeJS.Timeout | undefined
    const own = await startOpcuaServer((namespace) => {
      const ticking = addNode(namespace, 'ticking', DataType.Int32)
      timer = setInterval(() => ticking.setValueFromSource({ dataType: DataType.Int32, value: value++ }), 20)
    })
    const stop = async () => {
      clearInterval(timer)
      await own.stop()
    }
    return { settings: { endpointUrl: own.endpointUrl, ...fast }, stop }
  },
  settingsAt: (port) => ({ endpointUrl: `opc.tcp://127.0.0.1:${port}` }),
  healthy: { address: { nodeId: 'nsu=urn:test:machine;s=ticking' } },
  malformed: { address: { nodeId: 'nsu=urn:test:machine;s=nowhere' } },
  wrongAddresses: [{}, { nodeId: 'Temperature' }, { nodeId: 'ns=x;s=1' }, { nodeId: 'ns=1;i=abc' }, { nodeId: 'i=1', node: 2 }],
})

test('Every scalar type arrives as a value of its kind, with the source time', async () => {
  const life = await connected(scalars.map(([name, , , , kind]) => ({ definition: { kind }, address: at(name) })))
  await runUntil(life, () => scalars.every((_, point) => life.sink.latest(point)))
  expect(scalars.map((_, point) => life.sink.latest(point)?.value)).toEqual(scalars.map(([, , , seen]) => seen))
  for (const sample of life.sink.samples) expect(sample).toMatchObject({ time: sourceTimestamp.getTime() * 1000, quality: 0 })
  expect(life.sink.violations).toEqual([])
  await life.end()
})

test('The source time is exact to the microsecond', async () => {
  const precise = addNode(server.namespace, 'precise', DataType.Double)
  const value = new DataValue({ value: { dataType: DataType.Double, value: 21 }, sourceTimestamp, sourcePicoseconds })
  precise.bindVariable({ timestamped_get: () => value }, true)
  const life = await connected([{ address: at('precise') }])
  await runUntil(life, () => life.sink.latest(0)?.value === 21)
  expect(life.sink.latest(0)?.time).toBe(sourceTime)
  await life.end()
})

test('A 100 × 100 matrix and an array arrive in their shape', async () => {
  const life = await connected([
    { definition: { kind: 'array', shape: [100, 100] }, address: at('field') },
    { definition: { kind: 'array', shape: [4] }, address: at('wave') },
    { definition: { kind: 'array', shape: [2, 2] }, address: at('wave') },
    { definition: { kind: 'array', shape: [50, 200] }, address: at('field') },
  ])
  await runUntil(life, () => life.sink.samples.length >= 3 && life.sink.faults.length > 0)
  const field = life.sink.latest(0)?.value
  expect(field).toMatchObject({ shape: [100, 100] })
  expect((field as { data: Float32Array }).data[9999]).toBe(Math.fround(9999 / 7))
  expect(life.sink.latest(1)?.value).toEqual({ shape: [4], data: new Float32Array([1, 2, 3, 4]) })
  expect(life.sink.latest(2)?.value).toEqual({ shape: [2, 2], data: new Float32Array([1, 2, 3, 4]) })
  expect(life.sink.latestFault(3)?.reason).toMatch("Float matrix of shape 100×100, the tag's shape is 50×200")
  expect(life.sink.violations).toEqual([])
  await life.end()
})

test('What cannot be a value of the tag is a fault that says why, and the rest goes on', async () => {
  const life = await connected([
    { address: at('huge') },
    { address: at('nan') },
    { address: at('name') },
    { definition: { kind: 'text' }, address: at('int16') },
    { address: at('wave') },
    { definition: { kind: 'array', shape: [1] }, address: at('float') },
    { address: { nodeId: 'nsu=urn:other;s=x' } },
    { address: { nodeId: 'ns=77;s=x' } },
    { address: at('double') },
  ])
  await runUntil(life, () => life.sink.faults.length >= 8 && life.sink.of(8).length > 0)
  const reasons = Array.from({ length: 8 }, (_, point) => life.sink.latestFault(point)?.reason)
  expect(reasons).toEqual([
    expect.stringContaining('beyond 2^53'),
    expect.stringContaining('NaN'),
    expect.stringContaining('String for a tag of kind number'),
    expect.stringContaining('Int16 for a tag of kind text'),
    expect.stringContaining("make the tag's kind array"),
    expect.stringContaining('Float for a tag of kind array'),
    expect.stringContaining('no namespace urn:other; it has http://opcfoundation.org/UA/'),
    expect.stringContaining('node ns=77;s=x'),
  ])
  expect(life.sink.latestFault(7)?.quality).toBe(qualities.badUnknownNode.code)
  expect(life.sink.samples.map(({ point }) => point)).toEqual([8])
  await life.end()
})

test('The status of the server becomes the quality of the sample', async () => {
  const life = await connected([{ address: at('temperature') }])
  const seen = () => life.sink.latest(0)
  node('temperature').setValueFromSource({ dataType: DataType.Double, value: 5 }, StatusCodes.UncertainSensorNotAccurate, sourceTimestamp)
  await runUntil(life, () => seen()?.value === 5)
  expect(seen()?.quality).toBe(qualityOf('uncertainSensorNotAccurate'))
  node('temperature').setValueFromSource(
    { dataType: DataType.Double, value: 5 },
    StatusCodes.BadSensorFailure,
    new Date('2026-03-04T12:00:01Z'),
  )
  await runUntil(life, () => seen()?.value === null)
  expect(seen()).toMatchObject({ quality: qualityOf('badSensorFailure'), time: Date.parse('2026-03-04T12:00:01Z') * 1000 })
  expect(life.sink.violations).toEqual([])
  await life.end()
})

test('An unchanged value that was measured again is a new sample', async () => {
  const life = await connected([{ address: at('temperature') }])
  const measure = (iso: string) =>
    node('temperature').setValueFromSource({ dataType: DataType.Double, value: 7 }, StatusCodes.Good, new Date(iso))
  measure('2026-03-04T13:00:00Z')
  await runUntil(life, () => life.sink.latest(0)?.time === Date.parse('2026-03-04T13:00:00Z') * 1000)
  measure('2026-03-04T13:00:01Z')
  await runUntil(life, () => life.sink.latest(0)?.time === Date.parse('2026-03-04T13:00:01Z') * 1000)
  await life.end()
})

test('More nodes than one call may carry are subscribed to in batches', async () => {
  const small = await startOpcuaServer(
    (namespace) => {
      for (let index = 0; index < 60; index++)
        addNode(namespace, `n${index}`, DataType.Int32).setValueFromSource({ dataType: DataType.Int32, value: index })
    },
    { serverCapabilities: { operationLimits: { maxMonitoredItemsPerCall: 7 } } },
  )
  const points = Array.from({ length: 60 }, (_, index) => ({ address: { nodeId: `nsu=urn:test:machine;s=n${index}` } }))
  const life = await connected(points, { endpointUrl: small.endpointUrl })
  await runUntil(life, () => points.every((_, point) => life.sink.latest(point)?.value === point))
  await life.end()
  await small.stop()
})

test('A write arrives in the data type of the node; what does not fit or may not be is rejected in words', async () => {
  const life = await connected([
    { address: at('setpoint') },
    { address: at('readOnly') },
    { definition: { kind: 'boolean' }, address: at('flag') },
    { definition: { kind: 'array', shape: [4] }, address: at('wave') },
    { definition: { kind: 'text' }, address: at('name') },
    { address: at('uint64') },
    { address: { nodeId: 'ns=1;s=nowhere' } },
    { address: at('double') },
    { definition: { kind: 'text' }, address: at('when') },
    { definition: { kind: 'text' }, address: at('label') },
  ])
  const write = (point: number, value: number | boolean | string | { shape: number[]; data: Float32Array }) =>
    life.driver.write?.(point, value)
  await write(0, -123)
  expect(node('setpoint').readValue().value).toMatchObject({ dataType: DataType.Int16, value: -123 })
  await runUntil(life, () => life.sink.latest(0)?.value === -123)
  await write(2, false)
  expect(node('flag').readValue().value.value).toBe(false)
  await write(3, { shape: [4], data: new Float32Array([9, 8, 7, 6]) })
  expect([...node('wave').readValue().value.value]).toEqual([9, 8, 7, 6])
  await write(4, 'renamed')
  expect(node('name').readValue().value.value).toBe('renamed')
  await write(5, 2 ** 40)
  await runUntil(life, () => life.sink.latest(5)?.value === 2 ** 40)
  await write(7, -0.25)
  expect(node('double').readValue().value.value).toBe(-0.25)
  await write(8, '2026-05-06T07:08:09.012Z')
  await write(9, 'steht')
  await runUntil(life, () => life.sink.latest(8)?.value === '2026-05-06T07:08:09.012000Z' && life.sink.latest(9)?.value === 'steht')
  const rejected = (message: string) => ({ name: 'Rejected', message: expect.stringContaining(message) })
  await expect(write(0, 40_000)).rejects.toMatchObject(rejected('write a whole number from -32768 to 32767'))
  await expect(write(0, 1.5)).rejects.toMatchObject(rejected('whole number'))
  await expect(write(1, 1)).rejects.toMatchObject(rejected('BadNotWritable'))
  await expect(write(2, 'yes')).rejects.toMatchObject(rejected('true or false'))
  await expect(write(6, 1)).rejects.toMatchObject(rejected('type of the node cannot be read'))
  expect(node('setpoint').readValue().value.value).toBe(-123)
  await life.end()
})

test('A node that is deleted marks itself only, and comes back when it exists again', async () => {
  const life = await connected([{ address: at('fleeting') }, { address: at('temperature') }], {}, quickened(10))
  await runUntil(life, () => life.sink.latestFault(0) !== undefined && life.sink.of(1).length > 0)
  expect(life.sink.latestFault(0)?.quality).toBe(qualities.badUnknownNode.code)
  addNode(server.namespace, 'fleeting', DataType.Int32).setValueFromSource({ dataType: DataType.Int32, value: 4 })
  await runUntil(life, () => life.sink.latest(0)?.value === 4)
  life.sink.clear()
  server.namespace.deleteNode(node('fleeting'))
  await runUntil(life, () => life.sink.latestFault(0)?.quality === qualities.badUnknownNode.code)
  expect(life.sink.faults.filter(({ point }) => point === 1)).toEqual([])
  addNode(server.namespace, 'fleeting', DataType.Int32).setValueFromSource({ dataType: DataType.Int32, value: 5 })
  await runUntil(life, () => life.sink.latest(0)?.value === 5)
  await life.end()
})

/** A line to the server that can fall silent without closing: a half-open connection. */
async function silenceableLine(port: number) {
  const sockets: Socket[] = []
  const line = createServer((near) => {
    const far = dial(port, '127.0.0.1')
    sockets.push(near, far)
    for (const socket of [near, far]) socket.on('error', () => {})
    near.pipe(far)
    far.pipe(near)
  })
  await new Promise<void>((resolve) => line.listen(0, '127.0.0.1', resolve))
  return {
    port: (line.address() as AddressInfo).port,
    silence() {
      for (const socket of sockets) socket.unpipe().pause()
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => line.close(resolve))
    },
  }
}

test('A half-open connection is noticed by the missing keep-alive; writing and closing stay bounded', async () => {
  const line = await silenceableLine(server.port)
  const clock = new ManualClock()
  const life = await connected([{ address: at('temperature') }], { endpointUrl: `opc.tcp://127.0.0.1:${line.port}` }, clock)
  await runUntil(life, () => life.sink.of(0).length > 0)
  line.silence()
  const writing = expect(life.driver.write?.(0, 1)).rejects.toMatchObject({ name: 'NotConnected' })
  await clock.advance(10_000)
  await writing
  expect(life.lost).toEqual([])
  await clock.advance(life.driver.watchdogMs ?? 0)
  expect(life.lost).toMatchObject([{ name: 'NotConnected', message: expect.stringContaining('has sent no keep-alive for') }])
  const ending = life.end()
  await clock.advance(10_000)
  await ending
  await line.close()
})

test('Closing while the nodes are being subscribed to ends connect', async () => {
  const sessionsBefore = server.sessionCount()
  const points = Array.from({ length: 3000 }, () => ({ address: at('temperature') }))
  const life = await createLife(opcuaDriver, { endpointUrl: server.endpointUrl, ...fast }, points, { folder })
  const connecting = expect(life.driver.connect(never)).rejects.toMatchObject({ name: 'NotConnected' })
  while (server.sessionCount() === sessionsBefore) await new Promise((resolve) => setImmediate(resolve))
  await life.end()
  await connecting
  expect(life.sink.violations).toEqual([])
  expect(life.lost).toEqual([])
  await expect.poll(() => server.sessionCount()).toBe(sessionsBefore)
})

test('A server with nothing new to say feeds the watchdog', async () => {
  const life = await connected([{ address: at('temperature') }], { publishingMs: 1000 })
  await runUntil(life, () => life.aliveCount > 1)
  expect(life.sink.of(0).length).toBeLessThanOrEqual(1)
  await life.end()
})

test('The server is asked for protection when the settings say so, and another certificate is refused until a person trusts it', async () => {
  const own = mkdtempSync(join(tmpdir(), 'millwright-opcua-trust-'))
  const settings = { endpointUrl: server.endpointUrl, ...fast, securityMode: 'SignAndEncrypt' }
  const first = await createLife(opcuaDriver, settings, [{ address: at('double') }], { folder: own })
  await first.driver.connect(never)
  await runUntil(first, () => first.sink.of(0).length > 0)
  await first.end()
  const trusted = join(own, 'trusted', 'certs')
  const [certificate] = readdirSync(trusted)
  expect(certificate).toBeDefined()

  renameSync(join(trusted, String(certificate)), join(own, 'rejected', String(certificate)))
  renameSync(join(own, 'own', 'certs', 'client_certificate.pem'), join(trusted, 'other.pem'))
  const second = await createLife(opcuaDriver, settings, [{ address: at('double') }], { folder: own })
  await expect(second.driver.connect(never)).rejects.toMatchObject({
    name: 'NotConnected',
    message: expect.stringContaining('not trusted'),
  })
  await second.end()
  await rm(own, { recursive: true, force: true })
})

test('A refused user is a matter of configuration; the password is in no message', async () => {
  const strict = await startOpcuaServer(fill, {
    allowAnonymous: false,
    userManager: { isValidUser: (user: string, password: string) => user === 'ann' && password === 'right-one' },
  })
  const life = async (settings: object) =>
    createLife(opcuaDriver, { endpointUrl: strict.endpointUrl, ...fast, ...settings }, [{ address: at('double') }], { folder })
  const wrong = await life({ user: 'ann', password: 'wrong-one' })
  const refusal: unknown = await wrong.driver.connect(never).catch((error: unknown) => error)
  expect(refusal).toMatchObject({ name: 'ConfigError', message: expect.stringContaining('user ann') })
  expect(String(refusal) + wrong.logged.join()).not.toContain('wrong-one')
  await wrong.end()
  const right = await life({ user: 'ann', password: 'right-one' })
  await right.driver.connect(never)
  await runUntil(right, () => right.sink.of(0).length > 0)
  await right.end()
  await strict.stop()
})
