import { expect, test } from 'vitest'
import { ManualClock } from '#core/clock.ts'
import { NotConnected, RetryLater } from '#core/errors.ts'
import { Refused } from '#cli/server.ts'
import type { PostedSample } from './rows.ts'
import { giveUpAfterMs, type PostResult, postsUnderWayMax, samplesPerPostMax, Uploader } from './upload.ts'

type Post = (samples: readonly PostedSample[]) => Promise<PostResult>

function uploaderOf(post: Post, clock = new ManualClock()) {
  const rejected: string[] = []
  const waiting: string[] = []
  const uploader = new Uploader({
    clock,
    post,
    rejected: (line, tag, reason) => void rejected.push(`${line} ${tag}: ${reason}`),
    waiting: (reason) => void waiting.push(reason),
  })
  return { uploader, rejected, waiting, clock }
}

const takeAll: Post = (samples) => Promise.resolve({ accepted: samples.length, rejected: [] })
const sample = (value: number): PostedSample => ({ tag: 'm/t', value })

test('what the server refuses is told by the line it came from', async () => {
  const { uploader, rejected } = uploaderOf((samples) =>
    Promise.resolve({ accepted: samples.length - 1, rejected: [{ index: 1, reason: 'too hot' }] }),
  )
  for (let line = 10; line < 13; line++) uploader.add(sample(line), line)
  await uploader.end()
  expect(rejected).toEqual(['11 m/t: too hot'])
  expect([uploader.accepted, uploader.rejected]).toEqual([2, 1])
})

test('a batch is full by samples or by text, and only so many posts are under way', async () => {
  const finish: (() => void)[] = []
  const { uploader } = uploaderOf(
    (samples) => new Promise((resolve) => finish.push(() => resolve({ accepted: samples.length, rejected: [] }))),
  )
  for (let index = 0; index < samplesPerPostMax; index++) uploader.add(sample(index), index)
  expect(uploader.full).toBe(true)
  await uploader.flush()
  uploader.add({ tag: 'm/t', value: 'x'.repeat(600_000) }, 1)
  expect(uploader.full).toBe(true)
  while (finish.length < postsUnderWayMax) {
    await uploader.flush()
    uploader.add(sample(1), 1)
  }
  let flushed = false
  const flush = uploader.flush().then(() => (flushed = true))
  await Promise.resolve()
  expect(flushed).toBe(false)
  finish[0]?.()
  await flush
  const end = uploader.end()
  for (const one of finish) one()
  await end
  expect(finish).toHaveLength(postsUnderWayMax + 1)
})

test('a busy or vanished server is asked again after the time it names, said once per outage', async () => {
  const answers = [new RetryLater('busy', 3000), new NotConnected('gone'), new Refused('inside', 500)]
  const times: number[] = []
  const { uploader, waiting, clock } = uploaderOf((samples) => {
    times.push(clock.now())
    const error = answers.shift()
    return error ? Promise.reject(error) : takeAll(samples)
  })
  const start = clock.now()
  uploader.add(sample(1), 1)
  const end = uploader.end()
  await clock.advance(60_000)
  await end
  expect(times.map((time) => (time - start) / 1000)).toEqual([0, 3000, 4000, 6000])
  expect(waiting).toEqual(['busy'])
  expect(uploader.accepted).toBe(1)
})

test('a server that takes nothing for minutes is given up', async () => {
  const { uploader, clock } = uploaderOf(() => Promise.reject(new NotConnected('gone')))
  uploader.add(sample(1), 1)
  const end = uploader.end().catch((error: unknown) => error)
  await clock.advance(giveUpAfterMs + 30_000)
  expect(await end).toMatchObject({ name: 'Rejected', message: 'the server took nothing for 5 minutes; the last reason: gone' })
})

test('a body that is too large is sent in halves, its lines kept', async () => {
  const { uploader, rejected } = uploaderOf((samples) =>
    samples.length > 2
      ? Promise.reject(new Refused('too large', 413))
      : Promise.resolve({ accepted: 0, rejected: samples.map((_, index) => ({ index, reason: 'no' })) }),
  )
  for (let line = 1; line <= 5; line++) uploader.add(sample(line), line)
  await uploader.end()
  expect(rejected.map((text) => text.split(' ')[0])).toEqual(['1', '2', '3', '4', '5'])
})

test('an answer that no retry mends ends the upload', async () => {
  let posts = 0
  const { uploader } = uploaderOf(() => {
    posts++
    return Promise.reject(new Refused('not allowed', 403))
  })
  uploader.add(sample(1), 1)
  await expect(uploader.end()).rejects.toThrow('not allowed')
  expect(posts).toBe(1)
})
