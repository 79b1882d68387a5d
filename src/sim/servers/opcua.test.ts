// The OPC UA servers as a client of another package (node-opcua-client) sees them.
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OPCUACertificateManager } from 'node-opcua-certificate-manager'
import {
  AttributeIds,
  ClientMonitoredItem,
  ClientSubscription,
  DataType,
  MessageSecurityMode,
  OPCUAClient,
  SecurityPolicy,
  StatusCodes,
  TimestampsToReturn,
  VariantArrayType,
  type ClientSession,
  type DataValue,
} from 'node-opcua-client'
import { afterAll, expect, test, vi } from 'vitest'
import { freePort } from '#test/support/free-port.ts'
import { simulate } from '#test/support/simulation.ts'

const printer = (port: number) => ({
  path: 'site/printer-1',
  profile: 'dmls-printer',
  model: 'dmls-printer',
  serve: { periodMs: 200, opcua: { port } },
})
const climate = (port: number) => ({
  path: 'site/climate-1',
  profile: 'climate-sensor',
  model: 'climate',
  serve: { periodMs: 200, opcua: { port } },
})

const subscriptionOptions = {
  requestedPublishingInterval: 50,
  requestedLifetimeCount: 1000,
  requestedMaxKeepAliveCount: 10,
  publishingEnabled: true,
}

const folder = await mkdtemp(join(tmpdir(), 'millwright-opcua-client-'))
const certificates = new OPCUACertificateManager({
  rootFolder: folder,
  automaticallyAcceptUnknownCertificate: true,
  disableFileWatchers: true,
})
afterAll(async () => {
  await certificates.dispose()
  await rm(folder, { recursive: true, force: true })
})

async function withSession<T>(port: number, use: (session: ClientSession) => Promise<T>, secure = false): Promise<T> {
  const client = OPCUAClient.create({
    endpointMustExist: false,
    clientCertificateManager: certificates,
    connectionStrategy: { maxRetry: 0 },
    ...(secure ? { securityMode: MessageSecurityMode.SignAndEncrypt, securityPolicy: SecurityPolicy.Basic256Sha256 } : {}),
  })
  try {
    return await client.withSessionAsync(`opc.tcp://127.0.0.1:${port}`, use)
  } finally {
    await client.disconnect()
  }
}

test('The temperature field is a Float matrix of 100 by 100 with a fresh source time', async () => {
  const port = await freePort()
  await using _ = await simulate([printer(port)])
  const begin = Date.now()
  await withSession(port, async (session) => {
    const field = await session.read({ nodeId: 'ns=1;s=Field' })
    expect(field.statusCode).toBe(StatusCodes.Good)
    expect(field.value).toMatchObject({ dataType: DataType.Float, arrayType: VariantArrayType.Matrix, dimensions: [100, 100] })
    expect(field.value.value).toHaveLength(10_000)
    expect(Math.abs((field.sourceTimestamp?.getTime() ?? 0) - begin)).toBeLessThan(30_000)
    const rank = await session.read({ nodeId: 'ns=1;s=Field', attributeId: AttributeIds.ValueRank })
    expect(rank.value.value).toBe(2)
    const others = await session.read(['LaserPower', 'Vibration', 'Layer', 'State'].map((name) => ({ nodeId: `ns=1;s=${name}` })))
    expect(others.map(({ value }) => value.dataType)).toEqual([DataType.Double, DataType.Double, DataType.Double, DataType.String])
    expect(['scanning', 'recoating', 'idle']).toContain(others[3]?.value.value)
  })
})

test('A subscription gets changes, each with a later source time', async () => {
  const port = await freePort()
  await using _ = await simulate([printer(port)])
  await withSession(port, async (session) => {
    const subscription = ClientSubscription.create(session, subscriptionOptions)
    const item = ClientMonitoredItem.create(
      subscription,
      { nodeId: 'ns=1;s=Field', attributeId: AttributeIds.Value },
      { samplingInterval: 50, queueSize: 10, discardOldest: true },
      TimestampsToReturn.Both,
    )
    const times: number[] = []
    item.on('changed', (value: DataValue) => times.push(value.sourceTimestamp?.getTime() ?? 0))
    await vi.waitFor(() => expect(times.length).toBeGreaterThan(3), { timeout: 20_000 })
    expect(times).toEqual([...new Set(times)].toSorted((a, b) => a - b))
    await subscription.terminate()
  })
})

test('Temperature of a climate sensor can be written and stays; a wrong value and a read-only variable are refused', async () => {
  const port = await freePort()
  await using _ = await simulate([climate(port)])
  await withSession(port, async (session) => {
    const write = (name: string, value: number) =>
      session.write({ nodeId: `ns=1;s=${name}`, attributeId: AttributeIds.Value, value: { value: { dataType: DataType.Double, value } } })
    const read = async (name: string) => (await session.read({ nodeId: `ns=1;s=${name}` })).value.value as number
    const before = await session.read({ nodeId: 'ns=1;s=Temperature' })
    expect(await write('Temperature', 30)).toBe(StatusCodes.Good)
    expect(await read('Temperature')).toBeCloseTo(30, 0)
    await vi.waitFor(async () => {
      const now = await session.read({ nodeId: 'ns=1;s=Temperature' })
      expect(Number(now.sourceTimestamp)).toBeGreaterThan(Number(before.sourceTimestamp) + 500)
    })
    expect(await read('Temperature')).toBeCloseTo(30, 0)
    expect(await write('Humidity', 60)).toBe(StatusCodes.Good)
    expect(await read('Humidity')).toBeCloseTo(60, -1)
    expect(await write('Temperature', 1000)).toBe(StatusCodes.BadOutOfRange)
  })
})

test('What the machine measures only cannot be written', async () => {
  const printerPort = await freePort()
  await using _ = await simulate([printer(printerPort)])
  await withSession(printerPort, async (session) => {
    const value = { value: { dataType: DataType.Double, value: 1 } }
    expect(await session.write({ nodeId: 'ns=1;s=LaserPower', attributeId: AttributeIds.Value, value })).toBe(StatusCodes.BadNotWritable)
  })
})

test('A subscription sees a writable variable change, too', async () => {
  const port = await freePort()
  await using _ = await simulate([climate(port)])
  await withSession(port, async (session) => {
    const subscription = ClientSubscription.create(session, subscriptionOptions)
    const item = ClientMonitoredItem.create(
      subscription,
      { nodeId: 'ns=1;s=Temperature', attributeId: AttributeIds.Value },
      { samplingInterval: 0, queueSize: 10, discardOldest: true },
      TimestampsToReturn.Both,
    )
    const values = new Set<number>()
    item.on('changed', ({ value }: DataValue) => values.add(value.value as number))
    await vi.waitFor(() => expect(values.size).toBeGreaterThan(2), { timeout: 20_000 })
    await subscription.terminate()
  })
})

test('A client may encrypt', async () => {
  const port = await freePort()
  await using _ = await simulate([climate(port)])
  const value = await withSession(port, (session) => session.read({ nodeId: 'ns=1;s=Humidity' }), true)
  expect(value.statusCode).toBe(StatusCodes.Good)
})

test('A drop-out cuts clients off, and afterwards the server is back on its port', async () => {
  const port = await freePort()
  await using simulation = await simulate([climate(port)])
  await withSession(port, (session) => session.read({ nodeId: 'ns=1;s=Temperature' }))
  simulation.inject({ machine: 'climate-1', fault: 'dropOut', severity: 1, durationSeconds: 2 })
  const read = () => withSession(port, (session) => session.read({ nodeId: 'ns=1;s=Temperature' }))
  await vi.waitFor(() => expect(read()).rejects.toThrow(), { timeout: 10_000 })
  await vi.waitFor(async () => expect((await read()).statusCode).toBe(StatusCodes.Good), { timeout: 20_000, interval: 200 })
})

test('A taken port is named with the machine that needs it, and nothing is left running', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as { port: number }
  await expect(simulate([climate(port)])).rejects.toThrow(
    `port ${port} is taken by another program; the simulated machine site/climate-1 needs it for OPC UA: free it, or set serve.opcua.port of site/climate-1 in the plant file`,
  )
  other.close()
})
