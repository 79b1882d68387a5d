// Every driver inside a real gateway, from a device of another make to the end of the line: values, malformed ones, load, a full disk.
import { expect, onTestFinished, test, vi } from 'vitest'
import { ledgerBalances } from '#core/ledger.ts'
import { isBad, qualities } from '#core/quality.ts'
import { startPymodbus } from '#test/foreign/pymodbus.ts'
import { freePort } from '#test/support/free-port.ts'
import { startGatewayLine, type GatewayLine } from '#test/support/gateway-line.ts'
import { coapClient, startCoapServer } from '#test/support/libcoap.ts'
import { mosquittoPub, mosquittoPubLines, startMosquitto } from '#test/support/mosquitto.ts'
import { runProgram } from '#test/support/program.ts'
import { mountSmallDisk } from '#test/support/small-disk.ts'
import { requireTool } from '#test/support/tool.ts'

const wait = { timeout: 20_000, interval: 20 }
const until = (check: () => unknown) => vi.waitFor(check, wait)

/** Ports and connections of the drivers that devices push to. */
async function pushedTo() {
  const ports = { mqtt: await freePort(), http: await freePort(), coap: await freePort('udp') }
  const connections = [
    {
      name: 'broker',
      driver: 'mqtt',
      settings: { mode: 'broker', port: ports.mqtt },
      tags: { 'm/mqtt': { topic: 'devices/pump', field: 'v' }, 'm/mqtt-other': { topic: 'devices/other', field: 'v' } },
    },
    { name: 'push', driver: 'http', settings: { port: ports.http }, tags: { 'm/http': { device: 'pump', field: 'v' } } },
    {
      name: 'coap-push',
      driver: 'coap',
      settings: { mode: 'server', port: ports.coap },
      tags: { 'm/coap': { path: '/pump', field: 'v' } },
    },
  ]
  const post = (value: unknown) =>
    fetch(`http://127.0.0.1:${ports.http}/push/pump`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(value),
    })
  const put = async (value: unknown) =>
    (await coapClient('put', `coap://127.0.0.1:${ports.coap}/pump`, JSON.stringify(value), '-t', '50', '-v', '7')).output
  return { ports, connections, post, put }
}

async function allConnected({ gateway }: GatewayLine): Promise<void> {
  await until(() => expect(gateway.report().connections.map(({ state }) => state)).not.toContain('connecting'))
  expect(gateway.report().connections.filter(({ state }) => state !== 'connected')).toEqual([])
}

test('devices of other makes are read and taken from; what is malformed marks its own tag bad, is counted, and stops nothing', async () => {
  await using mosquitto = await startMosquitto()
  await using coapServer = await startCoapServer()
  await coapServer.put('/sensor', { temperature: 21.5 })
  const plc = await startPymodbus({ 1: { holding: [[0, 'float32', 'CDAB', 12.5]] } })
  onTestFinished(() => plc.stop())
  const { ports, connections, post, put } = await pushedTo()
  await using line = await startGatewayLine({
    connections: [
      ...connections,
      {
        name: 'server',
        driver: 'mqtt',
        settings: { mode: 'client', url: `mqtt://127.0.0.1:${mosquitto.port}` },
        tags: { 'm/mosquitto': { topic: 'hall/t', field: 'v' }, 'm/mosquitto-bad': { topic: 'hall/bad', field: 'v' } },
      },
      {
        name: 'coap-device',
        driver: 'coap',
        settings: { mode: 'client', host: '127.0.0.1', port: coapServer.port, periodMs: 50, refreshMs: 50 },
        tags: { 'm/libcoap': { path: '/sensor', field: 'temperature' }, 'm/libcoap-bad': { path: '/nowhere', field: 'v' } },
      },
      {
        name: 'plc',
        driver: 'modbus',
        settings: { host: '127.0.0.1', port: plc.port, periodMs: 50 },
        tags: {
          'm/pymodbus': { table: 'holding', address: 0, type: 'float32', order: 'CDAB' },
          'm/pymodbus-bad': { table: 'holding', address: 900, type: 'uint16' },
        },
      },
    ],
  })
  await allConnected(line)

  expect(await mosquittoPub(ports.mqtt, 'devices/other', 'not JSON', '-q', '1')).toMatchObject({ code: 0 })
  expect(await mosquittoPub(ports.mqtt, 'devices/pump', '{"v": 1}', '-q', '1')).toMatchObject({ code: 0 })
  await mosquittoPub(mosquitto.port, 'hall/bad', '{"v": "twelve"}', '-q', '1')
  await mosquittoPub(mosquitto.port, 'hall/t', '{"v": 2}', '-q', '1')
  expect((await post({ v: 3 })).status).toBe(200)
  expect((await post({ v: null })).status).toBe(200)
  expect(await put({ v: 4 })).toContain('2.04')
  expect(await put('nonsense')).toContain('4.00')
  expect((await post({ v: 5 })).status).toBe(200)

  await until(() => {
    expect(line.values('m/mqtt')).toEqual([1])
    expect(line.values('m/mosquitto')).toEqual([2])
    expect(line.values('m/http')).toEqual([3, 5])
    expect(line.values('m/coap')).toEqual([4])
    expect(line.values('m/libcoap').at(-1)).toBe(21.5)
    expect(line.values('m/pymodbus').length).toBeGreaterThan(3)
  })
  expect(new Set(line.values('m/pymodbus'))).toEqual(new Set([12.5]))
  for (const tag of ['m/mqtt-other', 'm/mosquitto-bad', 'm/libcoap-bad', 'm/pymodbus-bad'])
    expect(line.samples(tag).map(({ value, quality }) => [value, isBad(quality)])).toEqual([[null, true]])
  expect(line.samples('m/pymodbus-bad')[0]?.quality).toBe(qualities.badUnknownNode.code)
  for (const name of ['broker', 'server', 'push', 'coap-push', 'coap-device', 'plc'])
    expect(line.connection(name).faults, name).toBeGreaterThan(0)
  expect(line.gateway.report().connections.every(({ reconnects, state }) => reconnects === 0 && state === 'connected')).toBe(true)
})

test('under load from all sides at once everything that was confirmed arrives, once and in order', async () => {
  const { ports, connections, post, put } = await pushedTo()
  await using line = await startGatewayLine({ connections })
  await allConnected(line)
  const numbers = (count: number) => Array.from({ length: count }, (_, value) => value)
  const publishing = mosquittoPubLines(
    ports.mqtt,
    'devices/pump',
    numbers(5000).map((v) => JSON.stringify({ v })),
    '-q',
    '1',
  )
  const posting = Promise.all(
    numbers(8).map(async (device) => {
      for (const round of numbers(50))
        expect((await post(numbers(100).map((v) => ({ v: (device * 50 + round) * 100 + v })))).status).toBe(200)
    }),
  )
  const putting = (async () => {
    for (const v of numbers(20)) expect(await put({ v })).toContain('2.04')
  })()
  expect(await publishing).toMatchObject({ code: 0 })
  await Promise.all([posting, putting])
  await until(() => expect(line.gateway.report().ledger.buffered).toBe(0))
  expect(line.values('m/mqtt')).toEqual(numbers(5000))
  expect((line.values('m/http') as number[]).toSorted((a, b) => a - b)).toEqual(numbers(40_000))
  expect(line.values('m/coap')).toEqual(numbers(20))
  for (const tag of ['m/mqtt', 'm/http', 'm/coap'])
    expect(new Set(line.samples(tag).map(({ time }) => time)).size).toBe(line.samples(tag).length)
  expect(ledgerBalances(line.gateway.report().ledger)).toBe(true)
})

test('while the outbox cannot be written nothing is confirmed; afterwards everything that is sent again is there', async ({ skip }) => {
  const disk = mountSmallDisk(16) ?? skip('no disk can be mounted here')
  onTestFinished(disk.remove)
  await using mosquitto = await startMosquitto()
  const { ports, connections, post, put } = await pushedTo()
  const server = {
    name: 'server',
    driver: 'mqtt',
    settings: { mode: 'client', url: `mqtt://127.0.0.1:${mosquitto.port}` },
    tags: { 'm/mosquitto': { topic: 'hall/t', field: 'v' } },
  }
  await using line = await startGatewayLine({ connections: [...connections, server] }, { folder: disk.folder })
  await allConnected(line)

  disk.fill()
  const filler = Array.from({ length: 2000 }, () => ({ v: -1 }))
  await vi.waitFor(async () => expect((await post(filler)).status).toBe(503), { timeout: 20_000, interval: 5 })
  const refused = await post({ v: 1 })
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1'])
  expect(await put({ v: 1 })).toContain('5.03')
  // mosquitto_pub would go on trying for ever.
  const pub = (v: number) =>
    runProgram(requireTool('timeout', 'coreutils'), [
      '2',
      requireTool('mosquitto_pub', 'mosquitto-clients'),
      ...`-h 127.0.0.1 -p ${ports.mqtt} -t devices/pump -q 1 -d -m {"v":${v}}`.split(' '),
    ])
  expect((await pub(1)).output).not.toContain('PUBACK')
  await mosquittoPubLines(mosquitto.port, 'hall/t', ['{"v": 1}', '{"v": 2}', '{"v": 3}'], '-q', '1')
  await until(() => expect(line.connection('server')).toMatchObject({ state: 'waiting', detail: expect.stringContaining('outbox') }))
  for (let round = 0; round < 5; round++) expect((await post({ v: 1 })).status).toBe(503)

  disk.relieve()
  await vi.waitFor(async () => expect((await post({ v: 2 })).status).toBe(200), wait)
  expect(await put({ v: 2 })).toContain('2.04')
  expect((await pub(2)).output).toContain('PUBACK')
  await until(() => expect(line.connection('server').state).toBe('connected'))
  await until(() => {
    expect(line.values('m/http').at(-1)).toBe(2)
    expect(line.values('m/coap').at(-1)).toBe(2)
    expect(line.values('m/mqtt').at(-1)).toBe(2)
    expect(line.values('m/mosquitto').slice(-3)).toEqual([1, 2, 3])
  })
  expect(line.values('m/http').filter((value) => value === 1).length).toBeLessThanOrEqual(1)
  expect(line.values('m/mosquitto').length).toBeLessThan(12)
  expect(ledgerBalances(line.gateway.report().ledger)).toBe(true)
})
