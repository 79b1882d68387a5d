import type { AddressInfo } from 'node:net'
import { crc32, gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { batchOf } from '#core/batch.ts'
import { Overloaded, RetryLater } from '#core/errors.ts'
import { encodeFrame } from '#core/frame.ts'
import { plantSchema } from '#core/plant.ts'
import { testApi, type TestApi } from '#test/support/api.ts'
import { batchResultSchema, batchType, type BatchResult } from './schema.ts'

let api: TestApi
let url: string
beforeAll(async () => {
  api = await testApi({ ...plantSchema.parse({ plant: 'p', machines: [] }), profiles: new Map() })
  await api.server.listen({ host: '127.0.0.1', port: 0 })
  url = `http://127.0.0.1:${(api.server.server.address() as AddressInfo).port}/api/v1/batches`
})
afterAll(() => api.close())

type Samples = Parameters<typeof batchOf>[0]
const frameOf = (samples: Samples) => encodeFrame(batchOf(samples), crc32)
const numbered = (tag: string, from: number, count: number) =>
  frameOf(Array.from({ length: count }, (_, row) => ({ tag, time: from + row, value: from + row })))

async function send(body: Uint8Array, headers: Record<string, string> = {}) {
  const answer = await fetch(url, { method: 'POST', body: Buffer.from(body), headers: { 'content-type': batchType, ...headers } })
  return { status: answer.status, body: (await answer.json()) as BatchResult, retryAfter: answer.headers.get('retry-after') }
}

test('one frame or many in one body are stored, and sending them again changes nothing', async () => {
  const body = Buffer.concat([numbered('m/a', 1, 100), numbered('m/a', 101, 50), numbered('m/b', 1, 7)])
  const first = await send(body)
  expect(first).toMatchObject({
    status: 200,
    body: { stored: 157, duplicates: 0, replaced: 0, expired: 0, rejected: [], rejectedCount: 0 },
  })
  expect(batchResultSchema.parse(first.body)).toEqual(first.body)
  expect((await send(body)).body).toMatchObject({ stored: 0, duplicates: 157 })
  expect((await send(frameOf([{ tag: 'm/a', time: 1, value: -1 }]))).body).toMatchObject({ stored: 1, replaced: 1 })
  expect(api.store.latest('m/a')).toMatchObject({ time: 150, value: 150 })
  expect((await send(new Uint8Array())).body).toMatchObject({ stored: 0, rejectedCount: 0 })
})

test('every kind of value comes through, packed or not', async () => {
  const field = { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) }
  const values = { number: -0, boolean: true, text: 'läuft', array: field }
  const frame = (time: number) => frameOf(Object.entries(values).map(([kind, value]) => ({ tag: `kinds/${kind}`, time, value })))
  expect((await send(frame(1))).body).toMatchObject({ stored: 4 })
  expect((await send(gzipSync(frame(2)), { 'content-encoding': 'gzip' })).body).toMatchObject({ stored: 4 })
  expect((await send(zstdCompressSync(frame(3)), { 'content-encoding': 'zstd' })).body).toMatchObject({ stored: 4 })
  for (const [kind, value] of Object.entries(values)) expect(api.store.latest(`kinds/${kind}`)).toEqual({ time: 3, value, quality: 0 })
})

test('a bad row is rejected by itself; rows are counted through all frames', async () => {
  const ahead = Date.now() * 1000 + 7200e6
  const one = frameOf([
    { tag: 'rows/a', time: 1, value: 1 },
    { tag: 'rows/a', time: ahead, value: 1 },
  ])
  const two = frameOf([
    { tag: 'rows/a', time: 2, value: 'text' },
    { tag: 'rows/a', time: 3, value: null, quality: 0 },
  ])
  expect((await send(Buffer.concat([one, two]))).body).toMatchObject({
    stored: 1,
    rejectedCount: 3,
    rejected: [
      { row: 1, reason: expect.stringContaining('more than an hour ahead') },
      { row: 2, reason: expect.stringContaining('is of kind number, this value is of kind text') },
      { row: 3, reason: 'there is no value (NaN), yet the quality is not bad' },
    ],
  })
  const many = await send(
    frameOf(Array.from({ length: 5000 }, (_, row) => ({ tag: 'rows/b', time: row % 2 === 0 ? ahead : row, value: 1 }))),
  )
  expect(many.body).toMatchObject({ stored: 2500, rejectedCount: 2500, rejected: { length: 1000 } })
})

test('numbered frames are deliveries of their source: one that was stored before changes nothing, whatever is in it', async () => {
  const origin = (sequence: number) => ({ 'millwright-source': 'press 7', 'millwright-sequence': String(sequence) })
  const frames = [1, 2, 3].map((index) => numbered('origin/a', 10 * index, 10))
  expect((await send(Buffer.concat(frames), origin(1))).body).toMatchObject({ stored: 30 })
  expect((await send(Buffer.concat([frames[2] as Uint8Array, numbered('origin/a', 40, 10)]), origin(3))).body).toMatchObject({
    stored: 10,
    duplicates: 10,
  })
  expect((await send(numbered('origin/a', 900, 5), origin(4))).body).toMatchObject({ stored: 0, duplicates: 5 })
  expect(api.store.statistics()).toMatchObject({ replaced: 1 })
  expect(await send(numbered('origin/a', 50, 5), { 'millwright-source': 'press 7' })).toMatchObject({
    status: 400,
    body: { message: expect.stringContaining('come together') },
  })
  expect(await send(numbered('origin/a', 50, 5), { 'millwright-source': 'x', 'millwright-sequence': '0' })).toMatchObject({ status: 400 })
})

test('a body with anything damaged in it is refused whole, with the place', async () => {
  const good = numbered('damage/a', 1, 10)
  const bad = numbered('damage/a', 11, 10)
  bad[100] = 1 + (bad[100] as number)
  const refused = (message: string) => ({ status: 400, body: { error: 'rejected', message: expect.stringContaining(message) } })
  expect(await send(bad)).toMatchObject(refused('the frame is damaged: its checksum does not match'))
  expect(await send(Buffer.concat([good, bad]))).toMatchObject(refused('frame 1 of the body, counted from 0: the frame is damaged'))
  expect(await send(good.subarray(0, 50))).toMatchObject(refused('at byte 0 there is no whole batch frame'))
  expect(await send(Buffer.concat([good, Buffer.from('rubbish')]))).toMatchObject(
    refused(`at byte ${good.length} there is no whole batch frame`),
  )
  const tiny = frameOf([])
  expect(await send(Buffer.concat(Array<Uint8Array>(10_001).fill(tiny)))).toMatchObject(refused('more than 10000 frames'))
  expect(await send(good, { 'content-type': 'application/json' })).toMatchObject({
    status: 415,
    body: { message: expect.stringContaining(batchType) },
  })
  expect(api.store.tag('damage/a')).toBeUndefined()
})

test('a packed body that grows beyond the bound is refused, and so is one that is not packed as it says', async () => {
  for (const [encoding, bomb] of Object.entries({ gzip: gzipSync(Buffer.alloc(70 << 20)), zstd: zstdCompressSync(Buffer.alloc(70 << 20)) }))
    expect(await send(bomb, { 'content-encoding': encoding })).toMatchObject({
      status: 413,
      body: { error: 'tooLarge', message: 'the body is larger than 67108864 bytes; send it in parts' },
    })
  const cut = zstdCompressSync(numbered('m/c', 1, 1000)).subarray(0, 100)
  for (const [encoding, body] of [
    ['gzip', numbered('m/c', 1, 1)],
    ['zstd', cut],
  ] as const)
    expect(await send(body, { 'content-encoding': encoding })).toMatchObject({
      status: 400,
      body: { message: expect.stringMatching(/^the body cannot be unpacked: .*; check that it is packed as its content-encoding says$/) },
    })
})

test.each([
  [new Overloaded('too much', 1500), 429, 'overloaded', '2'],
  [new RetryLater('the disk is full', 5000), 503, 'retryLater', '5'],
])('what cannot be stored now is to be sent again: %s is %i', async (error, status, name, retryAfter) => {
  const append = vi.spyOn(api.store, 'append').mockRejectedValue(error)
  try {
    expect(await send(numbered('m/d', 1, 1))).toEqual({ status, body: { error: name, message: error.message }, retryAfter })
  } finally {
    append.mockRestore()
  }
})
