// Windows over what retention has left of a tag, in the embedded store as it is.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { batchOf } from '#core/batch.ts'
import { systemClock } from '#core/clock.ts'
import { dayUs, hourUs, secondUs } from '#core/time.ts'
import { createEmbeddedStore } from '#store/embedded/embedded-store.ts'
import { createQueries } from './queries.ts'

const start = Date.UTC(2026, 0, 1) * 1000

test.each([
  ['minutes', { raw: 1, minutes: 'forever' as const }],
  ['hours', { raw: 1, minutes: 1 }],
])('where only %s are left, a window has what lies in it and not what begins at its end', async (_, keep) => {
  const folder = await mkdtemp(join(tmpdir(), 'millwright-promql-'))
  const store = createEmbeddedStore({ folder, retention: { rules: [{ tags: '**', ...keep }], bytesMax: Infinity } })
  await store.open()
  onTestFinished(async () => {
    await store.close()
    await rm(folder, { recursive: true })
  })
  const times = Array.from({ length: (5 * dayUs) / (10 * secondUs) }, (_, row) => start + row * 10 * secondUs)
  await store.append([{ batch: batchOf(times.map((time) => ({ tag: 'm/x', time, value: Math.floor((time - start) / hourUs) }))) }])
  await store.seal()
  await store.retain()
  expect((await store.read('m/x', 0, start + 2 * dayUs, 1)).time).toHaveLength(0)

  const queries = createQueries({ store, directory: { tag: () => undefined, machine: () => undefined }, clock: systemClock })
  const range = { start: start + hourUs, end: start + 40 * hourUs, stepUs: hourUs }
  for (const [query, valueOf] of [
    ['avg_over_time(x[1h])', (hour: number) => hour],
    ['max_over_time(x[2h])', (hour: number) => hour],
    ['count_over_time(x[1h])', () => 360],
    ['stddev_over_time(x[2h])', (hour: number) => (hour === 0 ? 0 : 0.5)],
  ] as const) {
    const answer = await queries.range(query, range)
    const expected = Array.from({ length: 40 }, (_, hour) => expect.closeTo(valueOf(hour), 9))
    expect({ query, values: 'series' in answer ? Array.from(answer.series[0]?.value ?? []) : [] }).toEqual({ query, values: expected })
  }
})
