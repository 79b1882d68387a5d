import { expect, onTestFinished, test, vi } from 'vitest'
import { batchOf, type Batch } from '#core/batch.ts'
import { systemClock } from '#core/clock.ts'
import { linkTo, type TestLink } from '#test/support/nats-link.ts'
import { cableTo, startNats } from '#test/support/nats.ts'
import { createNatsBus } from './bus.ts'

const partitions = 4
const patience = { timeout: 30_000, interval: 20 }

function busOn(link: TestLink) {
  const failures: unknown[] = []
  const values: number[] = []
  const bus = createNatsBus({ link, partitions, clock: systemClock, log: link.log, failed: (error) => void failures.push(error) })
  const listen = (batch: Batch) => void values.push(...batch.value.subarray(0, batch.count))
  return { bus, listen, failures, values }
}

const sample = (value: number, machine = 'm') => batchOf([{ tag: `${machine}/x`, time: 1, value }])

test('What one process publishes all others get, the rows of a machine in order', async () => {
  await using server = await startNats()
  await using one = await linkTo(server.url)
  await using two = await linkTo(server.url)
  const [here, there] = [busOn(one), busOn(two)]
  onTestFinished(here.bus.subscribe('stored', here.listen))
  onTestFinished(there.bus.subscribe('stored', there.listen))
  await two.connection.flush()
  await one.connection.flush()
  for (let value = 0; value < 100; value++) here.bus.publish('stored', sample(value))
  const all = Array.from({ length: 100 }, (_, value) => value)
  await vi.waitFor(() => expect([here.values, there.values]).toEqual([all, all]), patience)
  here.values.length = 0
  there.bus.publish('stored', batchOf(all.map((value) => ({ tag: `m${value}/x`, time: 1, value }))))
  await vi.waitFor(() => expect(here.values.toSorted((a, b) => a - b)).toEqual(all), patience)
  expect(here.bus.statistics()).toEqual({ published: 100, dropped: 0, received: 100 + partitions, lost: 0 })
})

test('A listener that throws harms no other, and one that has ended hears nothing', async () => {
  await using server = await startNats()
  await using link = await linkTo(server.url)
  const { bus, listen, failures, values } = busOn(link)
  const ended = vi.fn()
  const end = bus.subscribe('stored', ended)
  onTestFinished(
    bus.subscribe('stored', () => {
      throw new Error('broken')
    }),
  )
  onTestFinished(bus.subscribe('stored', listen))
  end()
  await link.connection.flush()
  link.connection.publish('live.0.somebody', 'rubbish')
  bus.publish('stored', sample(1))
  await vi.waitFor(() => expect(values).toEqual([1]), patience)
  expect(failures).toEqual([new Error('broken')])
  expect(ended).not.toHaveBeenCalled()
  expect(link.lines).toEqual([expect.stringMatching(/a message under live\.0\.somebody is no frame of live values/)])
})

test('What a process misses is counted and said; what it publishes without NATS, too', async () => {
  await using server = await startNats()
  await using cable = await cableTo(server.port)
  await using link = await linkTo(server.url)
  await using shaky = await linkTo(cable.url)
  const [steady, misses] = [busOn(link), busOn(shaky)]
  onTestFinished(misses.bus.subscribe('stored', misses.listen))
  await shaky.connection.flush()
  steady.bus.publish('stored', sample(1))
  await vi.waitFor(() => expect(misses.values).toEqual([1]), patience)
  cable.pull()
  await vi.waitFor(() => expect(shaky.connected()).toBe(false), patience)
  for (const value of [2, 3, 4]) steady.bus.publish('stored', sample(value))
  misses.bus.publish('stored', sample(0))
  await link.connection.flush()
  cable.plug()
  await vi.waitFor(() => expect(shaky.connected()).toBe(true), patience)
  await shaky.connection.flush()
  steady.bus.publish('stored', sample(5))
  await vi.waitFor(() => expect(misses.values).toEqual([1, 5]), patience)
  expect(misses.bus.statistics()).toEqual({ published: 0, dropped: 1, received: 2, lost: 3 })
  expect(shaky.lines.filter((line) => line.includes('live values'))).toEqual([
    'live values are not published: NATS cannot be reached',
    expect.stringMatching(/3 frames of live values did not arrive/),
  ])
})
