import { gzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '#core/clock.ts'
import { plantSchema } from '#core/plant.ts'
import { formatTime } from '#core/time.ts'
import { testApi } from '#test/support/api.ts'
import { readPosted } from './posted.ts'

const parts = { arrival: 1e15, kindOfTag: () => undefined }
const read = (posted: unknown) => readPosted(Buffer.from(typeof posted === 'string' ? posted : JSON.stringify(posted)), parts)

test('whole numbers that would lose digits are refused, and no other number is', async () => {
  const { batch, rejected } = await read(
    '[{"tag":"a/b","value":9007199254740993},{"tag":"a/b","value":9007199254740992},{"tag":"a/b","value":-9223372036854775807},' +
      '{"tag":"a/b","value":1e300},{"tag":"a/b","value":18014398509481984},{"tag":"a/b","value":9007199254740993.5},{"tag":"a/b","value":7}]',
  )
  expect([...batch.value]).toEqual([9007199254740992, 1e300, 18014398509481984, 9007199254740994, 7])
  const reason = expect.stringContaining('would lose digits: counters are exact up to 9007199254740992; send it as text')
  expect(rejected).toEqual([
    { index: 0, reason },
    { index: 2, reason },
  ])
})

test('each sample has its own time, also where many share one', async () => {
  const times = [
    '2026-01-01T00:00:00Z',
    '2026-01-01T00:00:00Z',
    undefined,
    '2026-01-01T00:00:01.5Z',
    'never',
    'never',
    '2026-01-01T00:00:00Z',
  ]
  const { batch, rejected, indexOfRow } = await read(times.map((time) => ({ tag: 'a/b', value: 1, ...(time !== undefined && { time }) })))
  expect([...batch.time].map((time) => formatTime(time).slice(0, 21))).toEqual([
    '2026-01-01T00:00:00.0',
    '2026-01-01T00:00:00.0',
    '2001-09-09T01:46:40.0',
    '2026-01-01T00:00:01.5',
    '2026-01-01T00:00:00.0',
  ])
  expect([...indexOfRow.subarray(0, batch.count)]).toEqual([0, 1, 2, 3, 6])
  expect(rejected.map(({ index }) => index)).toEqual([4, 5])
})

test('what is no sample is explained', async () => {
  const posted = [null, 7, [], {}, { tag: 1, value: 1 }, { tag: 'a/b' }, { tag: 'a/b', value: [1] }, { tag: 'a/b', value: { shape: [1] } }]
  const { batch, rejected } = await read([
    ...posted,
    { tag: 'a/b', value: { shape: [2], data: [1, 2] } },
    { tag: 'a/c', value: 1, time: null },
  ])
  expect(batch).toMatchObject({ count: 1, kinds: ['array'] })
  expect(rejected.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 9])
  for (const { reason } of rejected) expect(reason).toMatch(/expected|value must be a number, boolean, text, null or \{shape, data\}/)
  await expect(read('{}')).rejects.toThrow('the body is no list')
  await expect(read('[1')).rejects.toThrow('the body is not JSON')
  await expect(read(Array(100_001).fill(1))).rejects.toThrow('more than 100000; post them in parts')
})

test('a packed post is stored, and sorts what is refused by its place, whoever refuses it', async () => {
  const api = await testApi({ ...plantSchema.parse({ plant: 'p', machines: [] }), profiles: new Map() })
  onTestFinished(() => api.close())
  const ahead = formatTime(systemClock.now() + 7200e6)
  const posted = [{ tag: 'a/b', value: 1 }, { tag: 'a/b', value: 1, time: ahead }, 'rubbish', { tag: 'a/b', value: 2, time: ahead }]
  const answer = await api.server.inject({
    method: 'POST',
    url: '/api/v1/samples',
    headers: { host: '127.0.0.1', 'content-type': 'application/json', 'content-encoding': 'gzip' },
    payload: gzipSync(JSON.stringify(posted)),
  })
  expect(answer.json()).toMatchObject({ accepted: 1, rejected: [{ index: 1 }, { index: 2 }, { index: 3 }] })
  expect(api.store.statistics().samples).toBe(1)
})
