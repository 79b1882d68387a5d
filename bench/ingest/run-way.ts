// One way in: everything is made, a server starts, everything is sent, and what came is counted.
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { secondUs } from '#core/time.ts'
import { startChild } from '#bench/support/child.ts'
import { cpuSeconds, watchMemory } from '#bench/support/process-figures.ts'
import type { Scratch } from '#bench/support/scratch.ts'
import type { Telemetry } from '#bench/support/telemetry-file.ts'
import { pause } from '#bench/support/until-answers.ts'
import type { Totals } from './receivers.ts'
import type { Made, Part } from './client.process.ts'
import type { Acknowledgements, Target } from './send.ts'
import type { Way } from './ways.ts'

const sumTolerance = 1e-9
const readableTimeoutMs = 60_000

export interface WayFigures extends Acknowledgements {
  /** Until all are acknowledged and the newest can be read. */
  readonly pointsPerSecond: number
  readonly serverCpuSecondsPerMillion: number
  readonly clientCpuSecondsPerMillion: number
  readonly bytesPerPoint: number
  readonly memoryMb: number
}

/** Throws when something is missing afterwards. */
export async function runWay(scratch: Scratch, way: Way, telemetry: Telemetry, connections: number): Promise<WayFigures> {
  const folder = join(scratch.folder, way.name)
  await mkdir(folder)
  const client = await startChild(scratch, join(import.meta.dirname, 'client.process.ts'))
  const { bytes, measuredShare } = await client.ask<Made>('make', way.kind, telemetry, connections)
  const overMqtt = way.kind === 'mqtt'
  const points = overMqtt ? telemetry.unique : telemetry.rows
  const measured = points * measuredShare
  const receiver = await way.start(scratch, folder, telemetry)
  const memory = watchMemory(receiver.pid)
  const target: Target = { port: receiver.mqttPort ?? receiver.port, path: way.path, headers: way.headers, connections }
  await client.ask('send', target, 'first' satisfies Part)

  const cpu = () => [cpuSeconds(receiver.pid), cpuSeconds(client.pid)] as const
  const before = cpu()
  const started = performance.now()
  const acknowledgements = await client.ask<Acknowledgements>('send', target, 'measured' satisfies Part)
  const last = telemetry.tags - 1
  const newest = overMqtt ? telemetry.to - secondUs : (telemetry.newestTime[last] as number)
  await untilTrue(() => receiver.canBeRead({ path: way.tagPath(last), number: last }, newest))
  const seconds = (performance.now() - started) / 1000
  const after = cpu()

  const memoryMb = memory() / 1e6
  await client.end()
  checkTotals(way, await receiver.endWithTotals(), telemetry)
  await rm(folder, { recursive: true })
  return {
    ...acknowledgements,
    pointsPerSecond: measured / seconds,
    serverCpuSecondsPerMillion: (after[0] - before[0]) / (measured / 1e6),
    clientCpuSecondsPerMillion: (after[1] - before[1]) / (measured / 1e6),
    bytesPerPoint: bytes / points,
    memoryMb,
  }
}

function checkTotals({ title }: Way, { count, sum }: Totals, { unique, sumThousandths }: Telemetry): void {
  const right = Number(sumThousandths) / 1000
  if (count !== unique) throw new Error(`${title}: ${count} samples are there in place of ${unique}`)
  if (Math.abs(sum - right) > sumTolerance * right) throw new Error(`${title}: the samples add up to ${sum} in place of ${right}`)
}

async function untilTrue(isTrue: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + readableTimeoutMs
  while (!(await isTrue())) {
    if (performance.now() > end) throw new Error('the newest sample cannot be read a minute after it was acknowledged')
    await pause(1)
  }
}
