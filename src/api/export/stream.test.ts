// What only a real connection shows: clients that read slowly, go away or get an error on the way.
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { ManualClock, systemClock, type Clock } from '#core/clock.ts'
import { RetryLater } from '#core/errors.ts'
import { plantSchema } from '#core/plant.ts'
import type { SampleColumns } from '#core/store.ts'
import { testApi } from '#test/support/api.ts'

const plant = { ...plantSchema.parse({ plant: 'p' }), profiles: new Map() }
const url = '/api/v1/export?tag=m/x'
/** Of all digits, so that Parquet cannot make them small. */
const values = Float64Array.from({ length: 131_072 }, (_, row) => Math.sin(row))

/** A server with a tag that has a sample in every microsecond, and a `read` that counts its calls. */
async function endless(clock: Clock = systemClock) {
  const api = await testApi(plant, { clock })
  onTestFinished(() => api.close())
  await api.put({ tag: 'm/x', time: 0, value: 0 })
  const read = vi.fn(async (_: string, from: number, to: number, limit: number): Promise<SampleColumns> => {
    const count = Math.min(limit, to - from)
    return {
      time: Float64Array.from({ length: count }, (_, row) => from + row),
      value: values.subarray(0, count),
      quality: new Uint8Array(count),
      texts: [],
    }
  })
  api.store.read = read
  const sockets: Socket[] = []
  api.server.server.on('connection', (socket) => sockets.push(socket))
  const address = await api.server.listen({ host: '127.0.0.1', port: 0 })
  const open = async (query = '') => {
    const request = get(`${address}${url}${query}`)
    request.on('error', () => {})
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    response.on('error', () => {})
    return response
  }
  const sent = () => sockets.reduce((sum, socket) => sum + socket.bytesWritten, 0)
  return { read, open, api, sent }
}

/** Waits until a count no longer grows, and says how far it came. */
async function settled(count: () => number): Promise<number> {
  let before = -1
  await vi.waitFor(
    () => {
      const now = count()
      const same = now === before
      before = now
      expect(same).toBe(true)
    },
    { interval: 100, timeout: 30_000 },
  )
  return before
}

test.each(['csv', 'jsonl', 'parquet'])(
  'a client that does not read on is waited for, and all ends when it goes away (%s)',
  async (format) => {
    const { read, open, sent } = await endless()
    const response = await open(`&format=${format}`)
    await once(response, 'readable')
    // What lies in the buffers of both sockets.
    expect(await settled(sent)).toBeLessThan(20_000_000)
    const before = read.mock.calls.length
    response.resume()
    await vi.waitFor(() => expect(read.mock.calls.length).toBeGreaterThan(before), { timeout: 20_000 })
    response.destroy()
    await settled(() => read.mock.calls.length)
  },
)

test('eight exports run at the same time, another one when one has ended', async () => {
  const { open } = await endless()
  const responses = await Promise.all(Array.from({ length: 8 }, () => open()))
  const refused = await open()
  expect(refused.statusCode).toBe(503)
  expect(refused.headers['retry-after']).toBe('1')
  responses[3]?.destroy()
  await vi.waitFor(async () => expect((await open()).statusCode).toBe(200), { timeout: 30_000 })
  for (const response of responses) response.destroy()
})

test('a client that takes nothing for ten minutes is given up', async () => {
  const clock = new ManualClock()
  const { open, sent } = await endless(clock)
  const response = await open()
  await once(response, 'readable')
  await settled(sent)
  await clock.advance(10 * 60_000)
  response.resume()
  await expect(once(response, 'end')).rejects.toThrow('aborted')
})

test('what fails before the first byte is an error answer, what fails later breaks the connection', async () => {
  const { read, open, api } = await endless()
  read.mockRejectedValueOnce(new RetryLater('the store is not open'))
  expect(await api.get(url)).toMatchObject({ status: 503, body: { error: 'retryLater', message: 'the store is not open' } })
  const endlessly = read.getMockImplementation() as typeof api.store.read
  read.mockImplementationOnce(endlessly).mockImplementationOnce(endlessly).mockRejectedValueOnce(new Error('the disk is gone'))
  const response = await open()
  expect(response.statusCode).toBe(200)
  response.resume()
  await expect(once(response, 'end')).rejects.toThrow('aborted')
})

test('a HEAD makes no file', async () => {
  const { read, api } = await endless()
  const answer = await api.server.inject({ method: 'HEAD', url, headers: { host: '127.0.0.1' } })
  expect(answer.statusCode).toBe(404)
  expect(read).not.toHaveBeenCalled()
})
