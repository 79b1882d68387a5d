import { beforeEach, expect, test } from 'vitest'
import { batchOf } from '#core/batch.ts'
import { ManualClock } from '#core/clock.ts'
import type { Directory } from '#core/directory.ts'
import { createMemoryStore } from '#store/memory/memory-store.ts'
import { LiveClient } from './client.ts'
import type { LiveMessage } from './schema.ts'
import { Subscriptions } from './subscriptions.ts'

const clock = new ManualClock()
const directory = { tags: (machine: string) => [{ path: `${machine}/t`, kind: 'number', definition: undefined }] } as unknown as Directory
let subscriptions: Subscriptions<LiveClient>
let store: ReturnType<typeof createMemoryStore>
let socket: { bufferedAmount: number; sent: LiveMessage[]; send: (text: string) => void }
let client: LiveClient

beforeEach(() => {
  store = createMemoryStore()
  socket = { bufferedAmount: 0, sent: [], send: (text) => socket.sent.push(JSON.parse(text) as LiveMessage) }
  subscriptions = new Subscriptions()
  client = new LiveClient(socket, { store, directory, clock, subscriptions })
})

let tick = 0
async function change(tag: string, value: number): Promise<void> {
  await store.append([{ batch: batchOf([{ tag, time: clock.now() + tick++, value }]) }])
  subscriptions.each(tag, (one) => one.changed(tag))
}
const values = () => socket.sent.flatMap((message) => (message.type === 'values' ? message.values.map(({ value }) => value) : []))

test('a subscriber gets the latest value at once and every change after it; nobody else does', async () => {
  await change('m/t', 1)
  await change('n/t', 5)
  client.receive('{"type":"subscribe","machines":["m"]}')
  await clock.advance(100)
  expect(values()).toEqual([1])
  await change('m/t', 2)
  await change('n/t', 6)
  await clock.advance(100)
  expect(values()).toEqual([1, 2])
  client.receive('{"type":"unsubscribe","machines":["m"]}')
  await change('m/t', 3)
  await clock.advance(1000)
  expect(values()).toEqual([1, 2])
})

test('changes are put together to at most ten messages a second', async () => {
  client.receive('{"type":"subscribe","tags":["m/t"]}')
  for (let step = 0; step < 1000; step++) {
    await change('m/t', step)
    await clock.advance(1)
  }
  await clock.advance(100)
  expect(socket.sent.length).toBeGreaterThanOrEqual(10)
  expect(socket.sent.length).toBeLessThanOrEqual(11)
  expect(values().at(-1)).toBe(999)
})

test('a slow client loses values in between, never the last', async () => {
  client.receive('{"type":"subscribe","tags":["m/t"]}')
  await clock.advance(100)
  socket.bufferedAmount = 1e9
  for (let step = 0; step < 50; step++) {
    await change('m/t', step)
    await clock.advance(20)
  }
  expect(values()).toEqual([])
  socket.bufferedAmount = 0
  await clock.advance(200)
  expect(values()).toEqual([49])
})

test('rubbish is answered by an error and harms nothing', async () => {
  client.receive('{"type":"subscribe","tags":["m/t"]}')
  client.receive('rubbish')
  client.receive('{"type":"dance"}')
  client.receive(JSON.stringify({ type: 'subscribe', tags: Array.from({ length: 10_001 }, (_, index) => `m/${index}`) }))
  expect(socket.sent.map(({ type }) => type)).toEqual(['error', 'error', 'error'])
  await change('m/t', 1)
  await clock.advance(100)
  expect(values()).toEqual([1])
})

test('what is unsubscribed while its value waits to be sent is not sent', async () => {
  client.receive('{"type":"subscribe","machines":["m"],"tags":["n/t"]}')
  await clock.advance(100)
  await change('m/t', 1)
  await change('n/t', 2)
  client.receive('{"type":"unsubscribe","tags":["n/t"]}')
  await clock.advance(1000)
  expect(values()).toEqual([1])
})

test('tags and machines that do not exist yet may be subscribed, and are sent when they appear', async () => {
  client.receive('{"type":"subscribe","machines":["later"],"tags":["much/later"]}')
  await clock.advance(1000)
  await change('later/t', 1)
  await change('much/later', 2)
  await clock.advance(100)
  expect(values()).toEqual([1, 2])
})

test('a clock that is set back does not hold values up', async () => {
  client.receive('{"type":"subscribe","tags":["m/t"]}')
  await change('m/t', 1)
  await clock.advance(100)
  clock.set(clock.now() - 3_600_000_000)
  await change('m/t', 2)
  await clock.advance(100)
  expect(socket.sent).toHaveLength(2)
})

test('many values at once come in parts, each of them once', async () => {
  const tags = Array.from({ length: 5000 }, (_, index) => `m/${index}`)
  await store.append([{ batch: batchOf(tags.map((tag, value) => ({ tag, time: clock.now(), value }))) }])
  client.receive(JSON.stringify({ type: 'subscribe', tags }))
  await clock.advance(300)
  expect(socket.sent.map((message) => message.type === 'values' && message.values.length)).toEqual([2000, 2000, 1000])
  expect(new Set(values()).size).toBe(5000)
})

test('subscribing again to the same costs no more subscriptions, and closing gives all of them back', async () => {
  const tags = Array.from({ length: 6000 }, (_, index) => `m/${index}`)
  for (let time = 0; time < 3; time++) client.receive(JSON.stringify({ type: 'subscribe', tags }))
  expect(socket.sent).toEqual([])
  client.close()
  const heard: LiveClient[] = []
  for (const tag of tags) subscriptions.each(tag, (one) => void heard.push(one))
  expect(heard).toEqual([])
})
