import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { createLife, type DriverLife, type PointInput } from '#test/support/driver-life.ts'
import { freePort } from '#test/support/free-port.ts'
import { runProgram } from '#test/support/program.ts'
import { requireTool } from '#test/support/tool.ts'
import { httpDriver } from './driver.ts'

const never = new AbortController().signal
const temperature: PointInput = { address: { device: 'pump-1', field: 'temperature', time: 'timestamp' } }
const pressure: PointInput = { address: { device: 'pump-1', field: 'pressure', time: 'timestamp' } }
const other: PointInput = { address: { device: 'pump-2', field: 'temperature' } }

interface HttpLife extends DriverLife, AsyncDisposable {
  readonly port: number
  post(device: string, body: unknown, headers?: Record<string, string>): Promise<{ status: number; body: unknown; headers: Headers }>
}

async function startEndpoint(settings: object = {}, points = [temperature, pressure, other]): Promise<HttpLife> {
  const port = await freePort()
  const life = await createLife(httpDriver, { port, ...settings }, points)
  await life.driver.connect(never)
  const post = async (device: string, body: unknown, headers: Record<string, string> = {}) => {
    const answer = await fetch(`http://127.0.0.1:${port}/push/${device}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
    return { status: answer.status, body: await answer.json(), headers: answer.headers }
  }
  return Object.assign(life, { port, post, [Symbol.asyncDispose]: () => life.end() })
}

/** Sends bytes over a socket of its own and gathers the answer. */
function raw(port: number, bytes: string): { socket: Socket; answer(): string; closed: Promise<void> } {
  let answer = ''
  const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
  socket.on('data', (chunk) => (answer += chunk.toString()))
  socket.on('error', () => {})
  return { socket, answer: () => answer, closed: new Promise((resolve) => socket.on('close', () => resolve())) }
}

const head = (length: number) =>
  `POST /push/pump-1 HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`

/** Runs curl and returns the status and the body. */
async function curl(...args: string[]): Promise<{ status: number; body: unknown }> {
  const { output } = await runProgram(requireTool('curl', 'curl'), ['-s', '-w', '\n%{http_code}', ...args])
  const [body = '', status] = output.split('\n')
  return { status: Number(status), body: JSON.parse(body) }
}

test('curl posts a reading, and a list of readings that the device has buffered', async () => {
  await using life = await startEndpoint()
  const json = ['-H', 'content-type: application/json', `http://127.0.0.1:${life.port}/push/pump-1`]
  expect(await curl('-d', '{"temperature": 21.5, "pressure": 3, "timestamp": "2026-01-01T00:00:00.000001Z"}', ...json)).toEqual({
    status: 200,
    body: { accepted: 2, rejected: [] },
  })
  const buffered =
    '[{"temperature": 1, "pressure": 2, "timestamp": 1767225601}, {"temperature": 3, "pressure": "x", "timestamp": 1767225602}]'
  expect(await curl('-d', buffered, ...json)).toEqual({
    status: 200,
    body: { accepted: 3, rejected: [{ field: 'pressure', reason: 'it is the text "x", not a number', count: 1 }] },
  })
  const first = Date.UTC(2026, 0, 1) * 1000
  expect(life.sink.of(0).map(({ time, value }) => [time - first, value])).toEqual([
    [1, 21.5],
    [1_000_000, 1],
    [2_000_000, 3],
  ])
  expect(life.sink.violations).toEqual([])
})

test('a device may have any name a machine can have', async () => {
  await using life = await startEndpoint({}, [{ address: { device: 'Öl-Pumpe (1)', field: 'temperature' } }])
  expect(await life.post(encodeURIComponent('Öl-Pumpe (1)'), { temperature: 1 })).toMatchObject({ status: 200, body: { accepted: 1 } })
})

test('the answer comes only after the values are durable, and many requests share a sync', async () => {
  await using life = await startEndpoint()
  const disk = Promise.withResolvers<void>()
  life.sink.whenDurable = () => disk.promise
  let answers = 0
  const posting = Array.from({ length: 20 }, (_, index) =>
    life.post('pump-2', { temperature: index }).then((answer) => {
      answers++
      return answer
    }),
  )
  await vi.waitFor(() => expect(life.sink.samples).toHaveLength(20))
  expect(answers).toBe(0)
  disk.resolve()
  expect((await Promise.all(posting)).map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200))
  expect(life.sink.durableCount).toBeLessThan(10)
})

test('when the disk refuses, the device is told to send again, and what it then sends is not recorded anew each time', async () => {
  await using life = await startEndpoint()
  life.sink.whenDurable = () => Promise.reject(new Error('the disk is full'))
  const answer = await life.post('pump-2', { temperature: 1 })
  expect(answer).toMatchObject({ status: 503, body: { error: 'cannotStore' } })
  expect(answer.headers.get('retry-after')).toBe('1')
  for (let round = 0; round < 5; round++) expect(await life.post('pump-2', { temperature: 1 })).toMatchObject({ status: 503 })
  expect(life.sink.samples).toHaveLength(1)
  life.sink.whenDurable = () => Promise.resolve()
  expect(await life.post('pump-2', { temperature: 1 })).toMatchObject({ status: 200 })
})

test('each mistake has its status and its mend', async () => {
  await using life = await startEndpoint({ bodyBytesMax: 1000 })
  const url = `http://127.0.0.1:${life.port}`
  expect(await life.post('pump-2', 'hello')).toMatchObject({
    status: 400,
    body: { error: 'notJson', message: expect.stringContaining('not JSON') },
  })
  expect(await life.post('pump-9', {})).toMatchObject({
    status: 404,
    body: { error: 'unknownDevice', message: expect.not.stringContaining('pump-1') },
  })
  expect(await life.post('a/b', {})).toMatchObject({ status: 404 })
  expect(await life.post('%zz', {})).toMatchObject({ status: 404, body: { error: 'notFound' } })
  expect(await life.post('__proto__', {})).toMatchObject({ status: 404, body: { error: 'unknownDevice' } })
  expect(await life.post('pump-1', {}, { 'content-type': 'text/plain' })).toMatchObject({
    status: 415,
    body: { message: expect.stringContaining('application/json') },
  })
  expect(await life.post('pump-1', {}, { 'content-encoding': 'gzip' })).toMatchObject({ status: 415 })
  expect(await curl(`${url}/push/pump-1`)).toMatchObject({ status: 405 })
  expect(await curl(`${url}/`)).toMatchObject({ status: 404, body: { message: 'post readings to /push/<device>' } })
  expect(life.sink.faults.map(({ point }) => point)).toEqual([2])
})

test('an oversized body is refused with the limit, whether it says its length or not, and is a fault', async () => {
  await using life = await startEndpoint({ bodyBytesMax: 1000 })
  const folder = await mkdtemp(join(tmpdir(), 'millwright-http-'))
  const file = join(folder, 'body.json')
  await writeFile(file, JSON.stringify({ temperature: 1, filler: 'x'.repeat(3_000_000) }))
  const args = ['-H', 'content-type: application/json', '--data-binary', `@${file}`, `http://127.0.0.1:${life.port}/push/pump-2`]
  const refused = { status: 413, body: { error: 'tooLarge', message: expect.stringContaining('bodyBytesMax (1000 bytes)') } }
  expect(await curl(...args)).toEqual(refused)
  expect(await curl('-H', 'Expect:', ...args)).toEqual(refused)
  expect(await curl('-H', 'Transfer-Encoding: chunked', '-H', 'Expect:', ...args)).toEqual(refused)
  expect(life.sink.faults).toHaveLength(3)
  expect(life.sink.samples).toEqual([])
  await rm(folder, { recursive: true })
})

test('senders that are slow, silent, garbled, half-closed or vanished harm nobody else', async () => {
  await using life = await startEndpoint({ requestTimeoutMs: 1000, concurrentMax: 2 })
  const body = '{"temperature": 1, "timestamp": 1767225600}'
  const slow = Array.from({ length: 50 }, () => raw(life.port, `${head(body.length)}{`))
  const silent = raw(life.port, '')
  const garbled = raw(life.port, '\0\x01\x02 garbage\r\n\r\n')
  const halfHeader = raw(life.port, 'POST /push/pump-1 HT')
  const vanished = raw(life.port, `${head(body.length)}{"tem`)
  vanished.socket.once('connect', () => vanished.socket.resetAndDestroy())
  const halfClosed = raw(life.port, head(body.length) + body)
  halfClosed.socket.once('connect', () => halfClosed.socket.end())
  expect(await life.post('pump-2', { temperature: 5 })).toMatchObject({ status: 200, body: { accepted: 1 } })
  await vi.waitFor(() => expect(halfClosed.answer()).toContain('{"accepted":1'))
  await garbled.closed
  expect(garbled.answer()).toMatch(/^HTTP\/1.1 400/)
  const ended = [...slow, silent, halfHeader]
  await Promise.all(ended.map(({ closed }) => closed))
  expect(slow[0]?.answer()).toMatch(/^HTTP\/1.1 408/)
  expect(await life.post('pump-2', { temperature: 6 })).toMatchObject({ status: 200 })
  expect(life.sink.violations).toEqual([])
})

test('more messages in hand than allowed are put off with 503 and a time to wait', async () => {
  await using life = await startEndpoint({ concurrentMax: 2 })
  const disk = Promise.withResolvers<void>()
  life.sink.whenDurable = () => disk.promise
  const held = [1, 2].map((temperature) => life.post('pump-2', { temperature }))
  await vi.waitFor(() => expect(life.sink.samples).toHaveLength(2))
  const third = await life.post('pump-2', { temperature: 3 })
  expect(third).toMatchObject({ status: 503, body: { error: 'busy' } })
  expect(third.headers.get('retry-after')).toBe('1')
  expect(life.logged.join()).toContain('concurrentMax is 2')
  disk.resolve()
  expect((await Promise.all(held)).map(({ status }) => status)).toEqual([200, 200])
  expect(await life.post('pump-2', { temperature: 3 })).toMatchObject({ status: 200 })
})

test('a taken port is NotConnected and names the setting; close leaves nothing open and may be repeated', async () => {
  const life = await startEndpoint()
  const second = await createLife(httpDriver, { port: life.port }, [])
  await expect(second.driver.connect(never)).rejects.toMatchObject({
    name: 'NotConnected',
    message: expect.stringMatching(new RegExp(`port ${life.port} .*HTTP push endpoint.*"port"`)),
  })
  await second.end()
  const open = raw(life.port, head(100))
  await new Promise<void>((resolve) => open.socket.once('connect', () => resolve()))
  await life.driver.close()
  await life.end()
  await open.closed
  await expect(life.post('pump-2', {})).rejects.toThrow()
  const early = await createLife(httpDriver, { port: life.port }, [])
  await expect(early.driver.connect(AbortSignal.abort())).rejects.toThrow()
  await early.end()
})

test('closing while it starts ends it, and its port is free for the next one', async () => {
  const port = await freePort()
  const life = await createLife(httpDriver, { port }, [])
  const connecting = expect(life.driver.connect(never)).rejects.toMatchObject({ name: 'NotConnected' })
  await life.end()
  await connecting
  const next = await createLife(httpDriver, { port }, [])
  await next.driver.connect(never)
  await next.end()
})

test('unknown settings, addresses and device names are refused by name', () => {
  expect(httpDriver.settings.safeParse({ noSuchField: 1 }).error?.message).toContain('noSuchField')
  for (const address of [{}, { device: 'a/b' }, { device: '' }, { device: 'a', field: '..' }, { device: 'a', unknown: 1 }])
    expect(httpDriver.address.safeParse(address).success).toBe(false)
})
