import { expect, onTestFinished, test, vi } from 'vitest'
import { every, ManualClock, sleep, systemClock } from './clock.ts'
import { secondUs } from './time.ts'

test('the system clock counts whole microseconds, forward, near the wall clock', () => {
  const first = systemClock.now()
  const second = systemClock.now()
  expect(Number.isSafeInteger(first)).toBe(true)
  expect(second).toBeGreaterThanOrEqual(first)
  expect(Math.abs(first / 1000 - Date.now())).toBeLessThan(1000)
})

test('a wall clock that is set while the program runs is followed', () => {
  onTestFinished(() => {
    vi.useRealTimers()
    systemClock.now()
  })
  const before = systemClock.now()
  vi.useFakeTimers({ toFake: ['Date'] })
  vi.setSystemTime(before / 1000 + 3_600_000)
  expect(systemClock.now() - before).toBeGreaterThan(3599 * secondUs)
})

test('the system clock runs what is due, and nothing that was cancelled', async () => {
  const ran: string[] = []
  systemClock.after(1, () => ran.push('cancelled'))()
  await new Promise<void>((resolve) => systemClock.after(2, resolve))
  expect(ran).toEqual([])
})

test('elapsed time goes on evenly when the wall clock is set', async () => {
  const clock = new ManualClock(0)
  const start = clock.elapsedMs()
  clock.set(3600 * secondUs)
  await clock.advance(10)
  expect(clock.elapsedMs() - start).toBe(10)
  expect(systemClock.elapsedMs()).toBeGreaterThanOrEqual(0)
})

test('a manual clock runs what is due in order, at its own time', async () => {
  const clock = new ManualClock(0)
  const ran: [string, number][] = []
  clock.after(20, () => ran.push(['second', clock.now()]))
  clock.after(10, () => {
    ran.push(['first', clock.now()])
    clock.after(5, () => ran.push(['nested', clock.now()]))
  })
  const cancel = clock.after(12, () => ran.push(['cancelled', clock.now()]))
  clock.after(31, () => ran.push(['too late', clock.now()]))
  cancel()
  await clock.advance(30)
  expect(ran).toEqual([
    ['first', 10_000],
    ['nested', 15_000],
    ['second', 20_000],
  ])
  expect(clock.now()).toBe(30_000)
})

test('sleep ends when its time is over or its signal aborts, and leaves no timer behind', async () => {
  const clock = new ManualClock(0)
  const controller = new AbortController()
  const woken: number[] = []
  const slept = [sleep(clock, 10), sleep(clock, 1000, controller.signal)].map((sleeping) => sleeping.then(() => woken.push(clock.now())))
  await clock.advance(10)
  expect(woken).toEqual([10_000])
  controller.abort()
  await Promise.all(slept)
  await sleep(clock, 1000, controller.signal)
  expect(woken).toEqual([10_000, 10_000])
})

test('every repeats until stopped, and a slow run delays the next instead of overlapping it', async () => {
  const clock = new ManualClock(0)
  const runs: number[] = []
  const stop = every(clock, 10, async () => {
    runs.push(clock.now() / 1000)
    if (runs.length === 2) await sleep(clock, 25)
  })
  await clock.advance(60)
  expect(runs).toEqual([10, 20, 55])
  stop()
  await clock.advance(60)
  expect(runs).toHaveLength(3)
})

test('setting a manual clock changes the time and not how long things wait', async () => {
  const clock = new ManualClock(0)
  const ran: number[] = []
  clock.after(10, () => ran.push(clock.now()))
  clock.set(-1_000_000)
  await clock.advance(9)
  expect(ran).toEqual([])
  await clock.advance(1)
  expect(ran).toEqual([-990_000])
})
