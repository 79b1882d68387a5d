// Brings a driver to life in a test: parses settings and addresses through its own schemas, hands in a recording context.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock, type Clock } from '#core/clock.ts'
import type { Driver, DriverModule, Point } from '#core/driver.ts'
import { tagDefinitionSchema, type TagDefinition } from '#core/tag.ts'
import { RecordingSink } from './recording-sink.ts'

/** A point as a test writes it: a definition with its defaults left out, an address as in a plant file. */
export interface PointInput {
  readonly definition?: Partial<TagDefinition>
  readonly address: unknown
}

export interface DriverLife {
  readonly driver: Driver
  readonly sink: RecordingSink
  /** What `context.lost` was called with, in order. */
  readonly lost: Error[]
  readonly logged: string[]
  aliveCount: number
  /** Closes the driver, forbids later samples and removes the folder. */
  end(): Promise<void>
}

export interface LifeOptions {
  readonly clock?: Clock
  /** Kept when given; otherwise a fresh one that `end` removes. */
  readonly folder?: string
}

/** Checks the settings and addresses as the gateway does. Throws what the schemas or `create` throw. */
export async function createLife(
  module: DriverModule,
  settings: unknown,
  inputs: readonly PointInput[],
  { clock = systemClock, folder }: LifeOptions = {},
): Promise<DriverLife> {
  const points: Point[] = inputs.map(({ definition = {}, address }, index) => ({
    tag: `machine/point ${index}`,
    definition: { ...tagDefinitionSchema.parse({}), ...definition },
    address: module.address.parse(address),
  }))
  const parsed = module.settings.parse(settings)
  const ownFolder = folder ?? (await mkdtemp(join(tmpdir(), 'millwright-driver-')))
  const sink = new RecordingSink(points)
  const lost: Error[] = []
  const logged: string[] = []
  const log = { info: (message: string) => void logged.push(message), warn: (message: string) => void logged.push(message) }
  const removeFolder = async () => {
    if (folder === undefined) await rm(ownFolder, { recursive: true, force: true })
  }
  const life = {
    sink,
    lost,
    logged,
    aliveCount: 0,
    async end() {
      await life.driver.close()
      sink.expectNothingMore()
      await removeFolder()
    },
  } as DriverLife & { driver: Driver }
  const lose = (error: Error) => void lost.push(error)
  const context = { clock, log, sink, folder: ownFolder, lost: lose, alive: () => void life.aliveCount++ }
  try {
    life.driver = module.create(parsed, points, context)
  } catch (error) {
    await removeFolder()
    throw error
  }
  return life
}

/** The system's clock, but every wait is so many times shorter: for bounds too long to wait out. */
export function quickened(factor: number): Clock {
  return { ...systemClock, after: (delayMs, act) => systemClock.after(delayMs / factor, act) }
}

/** Polls a polled driver (or waits for a pushing one) until the condition holds; a throwing poll ends it. */
export async function runUntil({ driver }: DriverLife, done: () => boolean, timeoutMs = 20_000): Promise<void> {
  const deadline = performance.now() + timeoutMs
  const signal = AbortSignal.timeout(timeoutMs)
  while (!done()) {
    if (performance.now() > deadline) throw new Error(`what was waited for did not come within ${timeoutMs} ms`)
    await driver.poll?.(signal)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
