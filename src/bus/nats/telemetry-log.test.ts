import { expect, test } from 'vitest'
import { systemClock } from '#core/clock.ts'
import { ConfigError } from '#core/errors.ts'
import { linkTo } from '#test/support/nats-link.ts'
import { startNats } from '#test/support/nats.ts'
import { openTelemetryLog } from './telemetry-log.ts'

test('Processes that start together make one log, and the number of partitions stays as it was chosen first', async () => {
  await using server = await startNats()
  await using link = await linkTo(server.url)
  const open = (partitions?: number) => openTelemetryLog({ link, clock: systemClock, log: link.log, partitions })
  const logs = await Promise.all([open(4), open(4), open(4)])
  expect(logs.map(({ partitions }) => partitions)).toEqual([4, 4, 4])
  expect((await open()).partitions).toBe(4)
  expect(link.lines).toEqual([])
  expect((await open(8)).partitions).toBe(4)
  expect(link.lines).toEqual(['the telemetry log has 4 partitions and keeps them; 8 were asked for'])
})

test('A bound that is given is kept also by a log that is there, and one that is not given leaves it', async () => {
  await using server = await startNats()
  await using link = await linkTo(server.url)
  const open = (bytesMax?: number) => openTelemetryLog({ link, clock: systemClock, log: link.log, partitions: 2, bytesMax })
  const boundOf = async (log: Awaited<ReturnType<typeof open>>) => (await log.state()).map(({ bytesMax }) => bytesMax)
  expect(await boundOf(await open())).toEqual([2 ** 31, 2 ** 31])
  expect(await boundOf(await open(2_000_000))).toEqual([1_000_000, 1_000_000])
  expect(await boundOf(await open())).toEqual([1_000_000, 1_000_000])
})

test('What JetStream cannot give is a ConfigError with the mend', async () => {
  await using plain = await startNats({ jetstream: false })
  await using without = await linkTo(plain.url)
  const clock = systemClock
  await expect(openTelemetryLog({ link: without, clock, log: without.log })).rejects.toThrow(/runs without JetStream; start it with -js/)
  await using server = await startNats()
  await using link = await linkTo(server.url)
  const open = (options: object) => openTelemetryLog({ link, clock, log: link.log, ...options })
  await expect(open({ replicas: 3 })).rejects.toThrow(ConfigError)
  await expect(open({ replicas: 3 })).rejects.toThrow(/replicas > 1 not supported in non-clustered mode/)
  await expect(open({ bytesMax: 2 ** 52 })).rejects.toThrow(/insufficient storage resources available; see its servers/)
  for (const partitions of [0, 1.5, 1025]) await expect(open({ partitions })).rejects.toThrow('choose 1 to 1024')
})
