import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { batchOf } from '#core/batch.ts'
import { encodeFrame } from '#core/frame.ts'
import { emptyLedger } from '#core/ledger.ts'
import { plantSchema } from '#core/plant.ts'
import { createEmbeddedStore } from '#store/embedded/embedded-store.ts'
import { testApi, type TestApi } from '#test/support/api.ts'
import { requireTool } from '#test/support/tool.ts'

let api: TestApi
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'metrics-'))
  const plant = plantSchema.parse({ plant: 'p', machines: [] })
  api = await testApi({ ...plant, profiles: new Map() }, { store: createEmbeddedStore({ folder }) })
})
afterAll(async () => {
  await api.close()
  await api.store.close()
  await rm(folder, { recursive: true })
})

async function figures(): Promise<Map<string, number>> {
  const { body } = await api.get('/metrics')
  const lines = String(body)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]))
}

const write = (payload: string) =>
  api.server.inject({ method: 'POST', url: '/write', headers: { host: '127.0.0.1', 'content-type': 'text/plain' }, payload })

test('samples are counted by their way in and by what became of them, requests by what they were refused for', async () => {
  await api.post('/api/v1/samples', [{ tag: 'a/b', value: 1 }, { tag: 'a/b', value: 'text' }, 'rubbish'])
  for (let time = 0; time < 2; time++) await write('m v=1 1000\nm v=2 2000\nm v')
  await write('m v=3 2000')
  const frame = encodeFrame(batchOf([{ tag: 'a/c', time: 1, value: 1 }]), crc32)
  await api.ingest.deliver('box', [{ sequence: 1, frame }])
  await api.ingest.deliver('box', [{ sequence: 1, frame }])
  const found = await figures()
  const expected = {
    'millwright_samples_stored_total{way="json"}': 1,
    'millwright_samples_rejected_total{way="json"}': 2,
    'millwright_samples_stored_total{way="line"}': 3,
    'millwright_samples_duplicate_total{way="line"}': 2,
    'millwright_samples_replaced_total{way="line"}': 1,
    'millwright_samples_rejected_total{way="line"}': 2,
    'millwright_samples_stored_total{way="gateway"}': 1,
    'millwright_samples_duplicate_total{way="gateway"}': 1,
    'millwright_samples_stored_total{way="frame"}': 0,
    'millwright_batches_total{way="line"}': 3,
    'millwright_ingest_seconds_count{way="gateway"}': 2,
    'millwright_requests_refused_total{status="400"}': 2,
    millwright_store_samples: 4,
    millwright_store_tags: 3,
  }
  expect(Object.fromEntries(Object.keys(expected).map((name) => [name, found.get(name)]))).toEqual(expected)
  expect(found.get('millwright_store_bytes_on_disk')).toBeGreaterThan(0)
  expect(found.has('nodejs_eventloop_lag_p99_seconds')).toBe(true)
})

test('gateways are shown as they report themselves, live clients as they come and go', async () => {
  const ledger = { ...emptyLedger(), collected: 10, buffered: 4, sent: 6, stored: 6 }
  await api.uplink('edge').report({ version: '1', outbox: { bytes: 123, bytesMax: 456, oldest: null }, ledger, connections: [] })
  await api.server.listen({ host: '127.0.0.1', port: 0 })
  const socket = new WebSocket(`ws://127.0.0.1:${(api.server.server.address() as AddressInfo).port}/api/v1/live`)
  await new Promise((resolve) => socket.once('open', resolve))
  const found = await figures()
  expect(found.get('millwright_gateway_outbox_bytes{gateway="edge"}')).toBe(123)
  expect(found.get('millwright_gateway_outbox_limit_bytes{gateway="edge"}')).toBe(456)
  expect(found.get('millwright_gateway_samples_buffered{gateway="edge"}')).toBe(4)
  expect(found.get('millwright_gateway_samples_collected_total{gateway="edge"}')).toBe(10)
  expect((await figures()).get('millwright_gateway_samples_collected_total{gateway="edge"}')).toBe(10)
  expect(found.get('millwright_live_clients')).toBe(1)
  socket.close()
  await vi.waitFor(async () => expect((await figures()).get('millwright_live_clients')).toBe(0))
})

test('promtool has nothing to find fault with', async () => {
  const { body, headers } = await api.get('/metrics')
  expect(headers['content-type']).toContain('text/plain; version=0.0.4')
  const complaints = await new Promise<string>((resolve) => {
    const child = execFile(requireTool('promtool', 'prometheus'), ['check', 'metrics'], (error, stdout, stderr) =>
      resolve(error ? stdout + stderr : ''),
    )
    child.stdin?.end(body)
  })
  expect(complaints).toBe('')
})
