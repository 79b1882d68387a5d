import { getEventListeners } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { z } from 'zod'
import { ManualClock } from '#core/clock.ts'
import { defineDriver, type Driver, type DriverContext } from '#core/driver.ts'
import { ConfigError, NotConnected, RetryLater } from '#core/errors.ts'
import { tagDefinitionSchema } from '#core/tag.ts'
import { Pipeline } from './pipeline.ts'
import { Runner } from './runner.ts'

let folder: string
let clock: ManualClock
let log: string[]
let runner: Runner
let pipeline: Pipeline
/** One entry per life of the driver. */
let lives: { context: DriverContext; closed: number }[]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'runner-'))
  clock = new ManualClock()
  log = []
  lives = []
})
afterEach(async () => {
  const stopped = runner.stop()
  await clock.advance(60_000)
  await stopped
  await rm(folder, { recursive: true })
})

function run(life: (number: number, context: DriverContext) => Partial<Driver>): void {
  const module = defineDriver({
    name: 'test',
    title: '',
    description: '',
    settings: z.unknown(),
    address: z.unknown(),
    create(_settings, _points, context) {
      const entry = { context, closed: 0 }
      lives.push(entry)
      return {
        connect: async () => {},
        close: async () => void (entry.closed += 1),
        ...life(lives.length, context),
      }
    },
  })
  const points = [{ tag: 'm/t', definition: tagDefinitionSchema.parse({}), address: {} }]
  pipeline = new Pipeline(points, { clock, flush: async () => {}, makeRoom: () => {} })
  const write = (message: string) => void log.push(message)
  runner = new Runner({
    name: 'line',
    module,
    plan: { settings: {}, points },
    pipeline,
    clock,
    log: { info: write, warn: write },
    folder: join(folder, 'line'),
    random: () => 0.5,
    enabled: true,
  })
  runner.start()
}

/** Moves the clock in small steps until the runner says so; real work such as making a folder goes on in between. */
async function until(condition: () => boolean, stepMs = 50): Promise<void> {
  await vi.waitFor(
    async () => {
      await clock.advance(stepMs)
      expect(condition()).toBe(true)
    },
    { interval: 1, timeout: 5000 },
  )
}

test('a connection that fails is tried again, ever later, logged once down and once up', async () => {
  run((number) => ({
    connect: async () => {
      if (number <= 3) throw new NotConnected('nobody answers')
    },
  }))
  await until(() => runner.status().state === 'waiting')
  expect(runner.status().detail).toMatch(/^nobody answers; next try within \d+ s$/)
  await until(() => runner.status().state === 'connected', 500)
  expect(log).toEqual(['line: not connected: nobody answers', 'line: connected again'])
  expect(lives.map(({ closed }) => closed)).toEqual([1, 1, 1, 0])
  expect(runner.status().lastError?.message).toBe('nobody answers')
})

test('when the driver says that the connection is lost, its tags turn bad and a new driver begins', async () => {
  run(() => ({}))
  await until(() => runner.status().state === 'connected')
  lives[0]?.context.sink.sample(0, clock.now(), 1, 0)
  lives[0]?.context.lost(new NotConnected('the server closed the session'))
  await until(() => lives.length === 2 && runner.status().state === 'connected')
  const batch = pipeline.peek()
  expect(Array.from(batch?.value ?? [])).toEqual([1, Number.NaN])
  expect(runner.status().reconnects).toBe(1)
})

test('silence beyond the watchdog rebuilds the connection, although nothing said that it is broken', async () => {
  run(() => ({ watchdogMs: 5000 }))
  await until(() => runner.status().state === 'connected')
  for (let second = 0; second < 10; second++) {
    lives[0]?.context.alive()
    await clock.advance(1000)
  }
  expect(lives).toHaveLength(1)
  await until(() => lives.length === 2, 1000)
  expect(runner.status().lastError?.message).toMatch(/^no value and no sign of life for 5 s/)
})

test('polls keep their beat; a device that asks for patience is not reconnected', async () => {
  let polls = 0
  run((_, context) => ({
    pollPeriodMs: 1000,
    poll: async () => {
      polls += 1
      if (polls === 3) throw new RetryLater('the device is busy', 100)
      context.sink.sample(0, clock.now(), polls, 0)
    },
  }))
  await until(() => polls === 1)
  await clock.advance(9000)
  expect(polls).toBe(10)
  expect(lives).toHaveLength(1)
  expect(runner.status()).toMatchObject({ state: 'connected', lastError: { message: 'the device is busy' } })
})

test('a configuration that cannot work is said, and tried again only rarely, so that its mend needs no restart', async () => {
  run((number) => ({
    connect: async () => {
      if (number === 1) throw new ConfigError('the user is refused')
    },
  }))
  await until(() => runner.status().state === 'failed')
  expect(runner.status().detail).toBe('the user is refused; next try within 900 s')
  await clock.advance(14 * 60_000)
  expect(lives).toHaveLength(1)
  await until(() => runner.status().state === 'connected', 1000)
  expect(log).toEqual(['line: not connected: the user is refused', 'line: connected again'])
})

test('a peer that takes every connection and drops it at once is tried ever later', async () => {
  run((_, context) => ({ connect: async () => void setImmediate(() => context.lost(new NotConnected('dropped'))) }))
  await until(() => runner.status().detail.endsWith('within 23 s'), 1000)
  expect(lives.length).toBeLessThan(10)
})

test('a connection that held for a while is tried again at once', async () => {
  run(() => ({}))
  for (let life = 1; life < 10; life++) {
    await until(() => lives.length === life && runner.status().state === 'connected')
    await clock.advance(11_000)
    lives.at(-1)?.context.lost(new NotConnected('dropped'))
    await until(() => runner.status().state === 'waiting')
    expect(runner.status().detail).toMatch('within 1 s')
  }
})

test('many lives leave no listener behind', async () => {
  const listening = vi.spyOn(EventTarget.prototype, 'addEventListener')
  onTestFinished(() => listening.mockRestore())
  run(() => ({ watchdogMs: 1000 }))
  await until(() => lives.length > 20, 1000)
  const signals = new Set(listening.mock.contexts.filter((context) => context instanceof AbortSignal))
  expect(Math.max(...Array.from(signals, (signal) => getEventListeners(signal, 'abort').length))).toBeLessThan(5)
})

test('a poll that ends after its connection does not make the connection look up', async () => {
  const answer = Promise.withResolvers<void>()
  run(() => ({ pollPeriodMs: 1000, poll: () => answer.promise }))
  await until(() => runner.status().detail === 'waiting for the first answer')
  lives[0]?.context.lost(new NotConnected('gone'))
  await until(() => runner.status().state === 'waiting', 0)
  answer.resolve()
  await clock.advance(0)
  expect(runner.status().state).toBe('waiting')
})

test('closing leaves no timer behind, and a driver that does not close is left behind after a while', async () => {
  const timers = vi.spyOn(clock, 'after')
  let cancelled = 0
  timers.mockImplementation((delayMs, act) => {
    const cancel = ManualClock.prototype.after.call(clock, delayMs, act)
    return () => {
      cancelled += 1
      cancel()
    }
  })
  run((number) => (number === 1 ? {} : { close: () => new Promise(() => {}) }))
  await until(() => runner.status().state === 'connected', 0)
  lives[0]?.context.lost(new NotConnected('gone'))
  await until(() => runner.status().state === 'waiting', 0)
  expect(timers.mock.calls.filter(([delayMs]) => delayMs === 5000)).toHaveLength(1)
  expect(cancelled).toBeGreaterThan(0)
  await until(() => lives.length === 2 && runner.status().state === 'connected')
  lives[1]?.context.lost(new NotConnected('gone'))
  await until(() => log.some((line) => line.includes('did not end within 5 s')), 1000)
})

test('a peer that accepts and then says nothing is given up after twenty seconds', async () => {
  run(() => ({ connect: () => new Promise(() => {}) }))
  await until(() => lives.length === 2, 1000)
  expect(runner.status().lastError?.message).toBe('no answer to connect within 20 s')
})

test('a peer that takes connections and answers no poll is never called connected, and logged once', async () => {
  run(() => ({
    pollPeriodMs: 1000,
    poll: async () => {
      throw new NotConnected('no answer')
    },
  }))
  const states = new Set<string>()
  await until(() => {
    states.add(runner.status().state)
    return lives.length === 4
  })
  expect(states.has('connected')).toBe(false)
  expect(log).toEqual(['line: not connected: no answer'])
})

test('a connection that is stopped while it starts ends, and never touches its machine', async () => {
  run(() => ({}))
  await runner.stop()
  expect(lives).toEqual([])
  expect(runner.status()).toMatchObject({ state: 'paused', detail: 'stopped' })
})

test('polls and the watchdog go on when the clock is set back, and a jump forward ends no connection', async () => {
  let polls = 0
  run(() => ({ pollPeriodMs: 1000, watchdogMs: 5000, poll: async () => void (polls += 1) }))
  await until(() => polls === 1)
  clock.set(clock.now() + 3_600_000_000)
  lives[0]?.context.alive()
  await clock.advance(4000)
  expect(lives).toHaveLength(1)
  clock.set(clock.now() - 7_200_000_000)
  const before = polls
  lives[0]?.context.alive()
  await clock.advance(4000)
  expect(polls - before).toBeGreaterThanOrEqual(3)
  expect(lives).toHaveLength(1)
  await until(() => lives.length === 2, 1000)
  expect(runner.status().lastError?.message).toMatch(/^no value and no sign of life for 5 s/)
})

test('the rate goes on being measured when the clock is set back', async () => {
  run(() => ({}))
  await until(() => runner.status().state === 'connected')
  clock.set(clock.now() - 3_600_000_000)
  expect(runner.status().rate).toBe(0)
  for (let count = 0; count < 100; count++) lives[0]?.context.sink.sample(0, clock.now(), count, 0)
  await clock.advance(1000)
  expect(runner.status().rate).toBeGreaterThan(1)
})
