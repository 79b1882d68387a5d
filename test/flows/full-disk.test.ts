// The disk of the whole server fills up under load: it says so, loses nothing that it took, and goes on when there is space.
import pino from 'pino'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { ConnectionList } from '#api/connections/schema.ts'
import type { Samples } from '#api/samples/schema.ts'
import { startServer } from '#app/server.ts'
import { systemClock } from '#core/clock.ts'
import { ledgerBalances } from '#core/ledger.ts'
import { plantSchema } from '#core/plant.ts'
import { createHandDriver } from '#test/support/hand-driver.ts'
import { mountSmallDisk } from '#test/support/small-disk.ts'

const { drivers, device } = createHandDriver()

test('a full disk is said, refuses what it cannot keep, and loses nothing that was confirmed', async ({ skip }) => {
  const disk = mountSmallDisk(48) ?? skip('no disk can be mounted here')
  onTestFinished(disk.remove)
  const plant = {
    ...plantSchema.parse({ plant: 'p', connections: [{ name: 'line', driver: 'test', tags: { 'm/t': {} } }] }),
    profiles: new Map(),
  }
  const log: string[] = []
  const logger = pino({ level: 'warn' }, { write: (line: string) => void log.push(line) })
  const server = await startServer({ plant, folder: disk.folder, port: 0, log: logger, drivers })
  onTestFinished(server.stop)
  await vi.waitFor(() => expect(device).not.toThrow())
  const get = async <T>(path: string) => (await (await fetch(`${server.url}/api/v1/${path}`)).json()) as T
  const post = () =>
    fetch(`${server.url}/api/v1/samples`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '[{"tag":"m/posted","value":1}]',
    })

  const started = systemClock.now()
  const confirmed: number[] = []
  let value = 0
  const emit = async () => {
    const first = value
    // Each at a time of its own: at the same time the later one would replace the earlier.
    for (let count = 0; count < 1000; count++) device().sink.sample(0, started + value, value++, 0)
    const kept = await device()
      .sink.durable()
      .then(
        () => true,
        () => false,
      )
    if (kept) for (let one = first; one < value; one++) confirmed.push(one)
    return kept
  }
  for (let round = 0; round < 5; round++) expect(await emit()).toBe(true)

  disk.fill()
  await vi.waitFor(async () => expect(await emit()).toBe(false), { timeout: 20_000, interval: 20 })
  // What a refused write gives back may be room enough for the next one.
  const refused = await vi.waitFor(
    async () => {
      const answer = await post()
      expect(answer.status).toBe(503)
      return answer
    },
    { timeout: 10_000, interval: 20 },
  )
  expect(await refused.json()).toMatchObject({ error: 'retryLater', message: expect.stringMatching(/is full/) })
  expect(log.join()).toMatch(/the outbox cannot be written: .*full.*free disk space/)
  expect(await get('health')).toMatchObject({ status: 'degraded' })
  const { samples } = await get<Samples>('samples?tag=m/t&limit=10')
  expect(samples.map((sample) => sample.value)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])

  disk.relieve()
  await vi.waitFor(async () => expect(await emit()).toBe(true), { timeout: 20_000, interval: 50 })
  await vi.waitFor(
    async () => {
      const [connection] = await get<ConnectionList>('connections')
      expect(connection?.ledger).toMatchObject({ buffered: 0, dropped: 0 })
      expect(ledgerBalances(connection?.ledger as NonNullable<typeof connection>['ledger'])).toBe(true)
    },
    { timeout: 30_000, interval: 100 },
  )
  const stored = new Set<unknown>()
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: Samples = await get(`samples?tag=m/t&limit=10000${cursor && `&cursor=${cursor}`}`)
    for (const sample of page.samples) stored.add(sample.value)
    cursor = page.next
  }
  expect(confirmed.filter((one) => !stored.has(one))).toEqual([])
  expect((await post()).status).toBe(200)
})
