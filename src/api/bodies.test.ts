// What happens when more comes than can be taken: memory has a bound, nobody is left without an answer, and nothing is lost or doubled.
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32, gzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { batchOf } from '#core/batch.ts'
import { encodeFrame } from '#core/frame.ts'
import { plantSchema } from '#core/plant.ts'
import type { Store } from '#core/store.ts'
import { formatTime } from '#core/time.ts'
import { batchType } from '#api/batches/schema.ts'
import { createEmbeddedStore } from '#store/embedded/embedded-store.ts'
import { testApi, type TestApi } from '#test/support/api.ts'
import { Bodies } from './bodies.ts'

const heldBytesMax = 2 << 20
const rowsPerPost = 3000

let api: TestApi
let url: string
let folder: string
let bodies: Bodies
/** Appends that wait for the disk, and what lets them go on. */
let waiting: number
let disk: PromiseWithResolvers<void>

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bodies-'))
  const store: Store = createEmbeddedStore({ folder })
  const append = store.append.bind(store)
  waiting = 0
  disk = Promise.withResolvers()
  store.append = async (deliveries) => {
    waiting++
    await disk.promise
    waiting--
    return append(deliveries)
  }
  bodies = new Bodies(heldBytesMax)
  api = await testApi({ ...plantSchema.parse({ plant: 'p', machines: [] }), profiles: new Map() }, { store, bodies })
  await api.server.listen({ host: '127.0.0.1', port: 0 })
  url = `http://127.0.0.1:${(api.server.server.address() as AddressInfo).port}`
})
afterEach(async () => {
  disk.resolve()
  await api.close()
  await api.store.close()
  await rm(folder, { recursive: true })
})

interface Post {
  readonly path: string
  readonly type: string
  readonly encoding?: string
  readonly body: Buffer<ArrayBuffer>
}

async function send({ path, type, encoding = 'identity', body }: Post): Promise<number> {
  const answer = await fetch(`${url}${path}`, { method: 'POST', body, headers: { 'content-type': type, 'content-encoding': encoding } })
  if (answer.status === 429) expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
  await answer.arrayBuffer()
  return answer.status
}

/** About 60 to 250 kB, its samples its own. */
function postOf(index: number): Post {
  const rows = Array.from({ length: rowsPerPost }, (_, row) => ({ tag: `m/post ${index}`, time: 1e15 + row, value: row / 7 }))
  if (index % 3 === 0) return { path: '/api/v1/batches', type: batchType, body: Buffer.from(encodeFrame(batchOf(rows), crc32)) }
  if (index % 3 === 1) {
    const posted = rows.map((row) => ({ ...row, time: formatTime(row.time) }))
    return { path: '/api/v1/samples', type: 'application/json', body: Buffer.from(JSON.stringify(posted)) }
  }
  const lines = rows.map(({ time, value }) => `machine,path=m post\\ ${index}=${value} ${time}`)
  return { path: '/write?precision=u', type: 'text/plain', encoding: 'gzip', body: gzipSync(lines.join('\n')) }
}

test('of 200 large posts at once as many are taken as there is room for; the others are stored when they are sent again, each once', async () => {
  const posts = Array.from({ length: 200 }, (_, index) => postOf(index))
  const answers: number[] = []
  const sending = posts.map(async (post) => {
    const status = await send(post)
    answers.push(status)
    return status
  })
  await vi.waitFor(() => expect(answers.length + waiting).toBe(posts.length), { timeout: 60_000 })
  expect(bodies.held).toBeLessThanOrEqual(heldBytesMax)
  expect(waiting).toBeGreaterThan(0)
  expect(new Set(answers)).toEqual(new Set([429]))
  disk.resolve()
  const first = await Promise.all(sending)
  for (let again = posts.filter((_, index) => first[index] === 429); again.length > 0; ) {
    const statuses = await Promise.all(again.map(send))
    for (const status of statuses) expect([200, 204, 429]).toContain(status)
    again = again.filter((_, index) => statuses[index] === 429)
  }
  expect(bodies.held).toBe(0)
  expect(api.store.statistics()).toMatchObject({ samples: posts.length * rowsPerPost, replaced: 0 })
  for (const index of posts.keys())
    expect((await api.store.read(`m/post ${index}`, 0, 1e16, 1e6)).value).toEqual(
      Float64Array.from({ length: rowsPerPost }, (_, row) => row / 7),
    )
}, 120_000)

test('a body that finds no room is refused before it is read, and one that is given up gives its room back', async () => {
  const { hostname, port } = new URL(url)
  const head = (length: number) =>
    `POST /api/v1/batches HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: ${batchType}\r\ncontent-length: ${length}\r\n\r\n`
  const socket = connect(Number(port), hostname)
  socket.write(head(heldBytesMax + 1))
  const answer = await new Promise<Buffer>((resolve) => socket.once('data', resolve))
  expect(String(answer)).toMatch(/^HTTP\/1.1 429 [^]*more data arrives than can be taken/)
  socket.destroy()

  const half = connect(Number(port), hostname)
  half.write(head(1 << 20))
  half.write(Buffer.alloc(1 << 19))
  await vi.waitFor(() => expect(bodies.held).toBe(1 << 19))
  half.destroy()
  await vi.waitFor(() => expect(bodies.held).toBe(0))
})
