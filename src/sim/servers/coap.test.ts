// The CoAP server as libcoap's command-line client sees it.
import { createSocket } from 'node:dgram'
import { expect, test, vi } from 'vitest'
import { ManualClock } from '#core/clock.ts'
import { freePort } from '#test/support/free-port.ts'
import { runProgram, startProgram } from '#test/support/program.ts'
import { simulate } from '#test/support/simulation.ts'
import { requireTool } from '#test/support/tool.ts'

const climate = (port: number) => ({
  path: 'site/climate-1',
  profile: 'climate-sensor',
  model: 'climate',
  serve: { periodMs: 200, coap: { port } },
})
const client = () => requireTool('coap-client-notls', 'libcoap3-bin')
/** Waits so many seconds for an answer. */
const get = (port: number, path: string, seconds = 3, ...more: string[]) =>
  runProgram(client(), ['-B', String(seconds), ...more, `coap://127.0.0.1:${port}${path}`])

test('GET /sensor answers temperature and humidity as JSON', async () => {
  const port = await freePort('udp')
  await using _ = await simulate([climate(port)])
  const { output } = await get(port, '/sensor')
  const body = JSON.parse(output) as Record<string, unknown>
  expect(Object.keys(body)).toEqual(['timestamp', 'temperature', 'humidity'])
  expect(body['temperature']).toBeGreaterThan(10)
  expect(body['humidity']).toBeGreaterThan(10)
})

test.each([['confirmable', []] as const, ['non-confirmable', ['-N']] as const])(
  'Observe brings a notification per measurement (%s)',
  async (_, more) => {
    const port = await freePort('udp')
    await using simulation = await simulate([climate(port)])
    await using observer = startProgram(client(), [...more, '-s', '20', `coap://127.0.0.1:${port}/sensor`])
    await vi.waitFor(() => expect(observer.output().match(/"timestamp"/g)?.length).toBeGreaterThan(4), { timeout: 15_000 })
    expect(simulation.machines[0]?.servers['coap']?.['notified']).toBeGreaterThan(3)
  },
)

test('An observer that is killed gets no more notifications once it has been silent for a minute', async () => {
  const port = await freePort('udp')
  const clock = new ManualClock()
  await using simulation = await simulate([climate(port)], { clock })
  const observer = startProgram(client(), ['-s', '60', `coap://127.0.0.1:${port}/sensor`])
  await vi.waitFor(() => expect(observer.output()).toContain('timestamp'))
  await observer.kill()
  await clock.advance(59_000)
  const notified = () => simulation.machines[0]?.servers['coap']?.['notified'] ?? 0
  expect(notified()).toBeGreaterThan(200)
  await clock.advance(2000)
  const atEnd = notified()
  await clock.advance(60_000)
  expect(notified()).toBe(atEnd)
})

test('Other paths and methods are refused, garbage is survived', async () => {
  const port = await freePort('udp')
  await using _ = await simulate([climate(port)])
  expect((await get(port, '/other')).errors).toContain('4.04')
  expect((await get(port, '/sensor', 3, '-m', 'put', '-e', '1')).errors).toContain('4.05')
  const socket = createSocket('udp4')
  const hostile = [
    Buffer.alloc(0),
    Buffer.from([0xff]),
    Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    Buffer.alloc(1400, 0xff),
    Buffer.from([0x4f, 1, 0, 1]),
  ]
  for (const bytes of hostile) await new Promise((resolve) => socket.send(bytes, port, '127.0.0.1', resolve))
  socket.close()
  expect((await get(port, '/sensor')).output).toContain('temperature')
})

test('A drop-out leaves requests without answer, and afterwards there are answers again', async () => {
  const port = await freePort('udp')
  await using simulation = await simulate([climate(port)])
  await using observer = startProgram(client(), ['-s', '30', `coap://127.0.0.1:${port}/sensor`])
  await vi.waitFor(() => expect(observer.output()).toContain('timestamp'))
  simulation.inject({ machine: 'climate-1', fault: 'dropOut', severity: 1, durationSeconds: 4 })
  await vi.waitFor(async () => expect((await get(port, '/sensor', 1)).output).not.toContain('temperature'), { timeout: 10_000 })
  await vi.waitFor(async () => expect((await get(port, '/sensor', 1)).output).toContain('temperature'), { timeout: 15_000 })
})

test('A taken port is named with the machine that needs it', async () => {
  const other = createSocket('udp4')
  await new Promise<void>((resolve) => other.bind(0, '127.0.0.1', resolve))
  const { port } = other.address()
  await expect(simulate([climate(port)])).rejects.toThrow(
    `port ${port} is taken by another program; the simulated machine site/climate-1 needs it for CoAP`,
  )
  other.close()
})
