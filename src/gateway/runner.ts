// Runs one connection for ever: connect, poll, watch the data, and when it fails say so, wait and begin again.
// Drivers say what happened; only this file retries.
import { mkdir } from 'node:fs/promises'
import { sleep, type Clock } from '#core/clock.ts'
import type { Driver, DriverModule, Log } from '#core/driver.ts'
import { ConfigError, messageOf, NotConnected, RetryLater } from '#core/errors.ts'
import type { ConnectionPlan } from '#core/plan.ts'
import { qualities } from '#core/quality.ts'
import type { Micros } from '#core/time.ts'
import type { ConnectionStatus } from '#core/uplink.ts'
import { backoffMs } from './backoff.ts'
import type { Pipeline } from './pipeline.ts'

const connectTimeoutMs = 20_000
const closeTimeoutMs = 5_000
const backoff = { firstMs: 500, longestMs: 30_000 }
/** A connection that held so long was a good one: the next failure is waited out as the first. */
const steadyMs = 10_000
/** A refused user or a missing certificate is tried again so rarely that no account is locked; yet the mend needs no restart. */
const configurationRetryMs = 15 * 60_000
/** A watchdog bites up to one such part of its time later than due. */
const watchdogSteps = 20
/** Time constant of the shown rate. */
const rateWindowUs = 10_000_000

export interface RunnerOptions {
  readonly name: string
  readonly module: DriverModule
  readonly plan: ConnectionPlan
  readonly pipeline: Pipeline
  readonly clock: Clock
  readonly log: Log
  /** A folder for the driver's own files; made when the connection first runs. */
  readonly folder: string
  readonly random: () => number
  readonly enabled: boolean
}

type State = Pick<ConnectionStatus, 'state' | 'detail' | 'since'>

export class Runner {
  #options: RunnerOptions
  #stop = new AbortController()
  #done: Promise<void> = Promise.resolve()
  #state: State
  #lastError: ConnectionStatus['lastError'] = null
  #reconnects = 0
  /** Newest sign of life that is no value: connected, keep-alive. */
  #lastAlive: Micros = 0
  #rate = 0
  #rateAt: Micros
  #rateRecorded = 0

  constructor(options: RunnerOptions) {
    this.#options = options
    this.#rateAt = options.clock.now()
    this.#state = {
      state: options.enabled ? 'connecting' : 'paused',
      detail: options.enabled ? 'starting' : 'switched off in the plant file',
      since: this.#rateAt,
    }
  }

  start(): void {
    if (this.#options.enabled) this.#done = this.#run()
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#done
  }

  status(): Omit<ConnectionStatus, 'ledger'> {
    const { name, module, plan, pipeline } = this.#options
    return {
      name,
      driver: module.name,
      ...this.#state,
      lastError: this.#lastError,
      lastData: pipeline.lastData,
      rate: this.#measureRate(),
      faults: pipeline.faults,
      lastFault: pipeline.lastFault,
      tagCount: plan.points.length,
      reconnects: this.#reconnects,
    }
  }

  async #run(): Promise<void> {
    const { clock, log, name } = this.#options
    const signal = this.#stop.signal
    let failures = 0
    let wasUp = true
    while (!signal.aborted) {
      let upAt: Micros | undefined
      let reason: unknown
      try {
        await mkdir(this.#options.folder, { recursive: true })
        await this.#live(signal, () => {
          if (!wasUp) log.info(`${name}: connected again`)
          wasUp = true
          upAt = clock.now()
        })
      } catch (error) {
        reason = error
      }
      if (signal.aborted) break
      failures = upAt !== undefined && clock.now() - upAt >= steadyMs * 1000 ? 1 : failures + 1
      if (wasUp) log.warn(`${name}: not connected: ${messageOf(reason)}`)
      wasUp = false
      await this.#waitAfter(reason, failures)
      this.#reconnects += 1
    }
    this.#enter('paused', 'stopped')
  }

  /** Marks the tags bad, says why, and waits for the next try. */
  async #waitAfter(reason: unknown, failures: number): Promise<void> {
    const { clock, pipeline, random } = this.#options
    const isConfiguration = reason instanceof ConfigError
    const message = messageOf(reason)
    this.#lastError = { time: clock.now(), message }
    pipeline.allBad(isConfiguration ? qualities.badConfiguration.code : qualities.badNotConnected.code)
    const leastMs = isConfiguration ? configurationRetryMs : reason instanceof RetryLater ? reason.afterMs : 0
    const delayMs = Math.max(leastMs, backoffMs(failures, { ...backoff, random }))
    this.#enter(isConfiguration ? 'failed' : 'waiting', `${message}; next try within ${Math.max(1, Math.round(delayMs / 1000))} s`)
    await sleep(clock, delayMs, this.#stop.signal)
  }

  /** One life of the driver, from connect to the error that ends it. */
  async #live(stop: AbortSignal, up: () => void): Promise<void> {
    // It may have been stopped while its folder was made: an abort that has happened calls no listener.
    if (stop.aborted) return
    const { module, plan, pipeline, clock, log, folder } = this.#options
    const life = new AbortController()
    let lose: (error: Error) => void = () => {}
    const lost = new Promise<never>((_, reject) => (lose = reject))
    lost.catch(() => {})
    const end = () => {
      life.abort()
      lose(new NotConnected('stopped'))
    }
    stop.addEventListener('abort', end, { once: true })
    let driver: Driver | undefined
    try {
      this.#enter('connecting', this.#reconnects === 0 ? 'connecting' : 'connecting again')
      driver = module.create(plan.settings, plan.points, {
        clock,
        log,
        sink: pipeline,
        folder,
        lost: lose,
        alive: () => (this.#lastAlive = clock.now()),
      })
      await Promise.race([
        driver.connect(life.signal),
        lost,
        this.#timeout(connectTimeoutMs, `no answer to connect within ${connectTimeoutMs / 1000} s`, life.signal),
      ])
      this.#lastAlive = clock.now()
      const isUp = () => {
        this.#enter('connected', 'connected')
        up()
      }
      // A device that is polled is there when it has answered: an open socket says little.
      if (driver.poll) this.#enter('connecting', 'waiting for the first answer')
      else isUp()
      await Promise.race([lost, this.#poll(driver, life.signal, isUp), this.#watch(driver, life.signal)])
    } finally {
      stop.removeEventListener('abort', end)
      life.abort()
      if (driver) await this.#close(driver)
    }
  }

  /** Closes a driver; one that does not end in time is left behind. */
  async #close(driver: Driver): Promise<void> {
    const { clock, log, name } = this.#options
    const closed = new AbortController()
    const closing = driver
      .close()
      .catch((error: unknown) => log.warn(`${name}: closing: ${messageOf(error)}`))
      .finally(() => closed.abort())
    await Promise.race([closing, sleep(clock, closeTimeoutMs, closed.signal)])
    if (!closed.signal.aborted) log.warn(`${name}: the driver did not end within ${closeTimeoutMs / 1000} s and was left behind`)
  }

  /** Polls at the driver's period, on the beat: a slow answer costs the beats it covers and never queues. */
  async #poll(driver: Driver, signal: AbortSignal, isUp: () => void): Promise<void> {
    const periodMs = driver.pollPeriodMs
    if (!driver.poll || periodMs === undefined) return new Promise(() => {})
    const { clock } = this.#options
    const periodUs = periodMs * 1000
    let next = clock.now()
    let answered = false
    while (!signal.aborted) {
      try {
        await driver.poll(signal)
        if (signal.aborted) return
        if (answered) this.#enter('connected', 'connected')
        else isUp()
        answered = true
      } catch (error) {
        if (!(error instanceof RetryLater) || signal.aborted) throw error
        this.#lastError = { time: clock.now(), message: error.message }
        this.#enter('connected', `connected, but ${error.message}`)
        await sleep(clock, error.afterMs, signal)
      }
      const now = clock.now()
      next += Math.max(1, Math.ceil((now - next) / periodUs)) * periodUs
      // A clock that was set back must not stop the polls until it has caught up.
      next = Math.min(next, now + periodUs)
      await sleep(clock, (next - now) / 1000, signal)
    }
  }

  /**
   * Throws when neither values nor signs of life have come for the driver's watchdog time: sockets lie, data does not.
   * It counts the steps that it waited, because the wall clock may be set and the whole program may have stood still.
   */
  async #watch(driver: Driver, signal: AbortSignal): Promise<void> {
    const { watchdogMs } = driver
    if (watchdogMs === undefined) return new Promise(() => {})
    const { clock, pipeline } = this.#options
    const stepMs = Math.max(10, watchdogMs / watchdogSteps)
    for (let quietMs = 0; quietMs < watchdogMs; ) {
      const { lastData } = pipeline
      const lastAlive = this.#lastAlive
      await sleep(clock, stepMs, signal)
      if (signal.aborted) return new Promise(() => {})
      quietMs = pipeline.lastData === lastData && this.#lastAlive === lastAlive ? quietMs + stepMs : 0
    }
    throw new NotConnected(`no value and no sign of life for ${Math.round(watchdogMs / 1000)} s; building the connection anew`)
  }

  async #timeout(ms: number, message: string, signal: AbortSignal): Promise<never> {
    await sleep(this.#options.clock, ms, signal)
    throw new NotConnected(message)
  }

  #enter(state: State['state'], detail: string): void {
    const since = state === this.#state.state ? this.#state.since : this.#options.clock.now()
    this.#state = { state, detail, since }
  }

  #measureRate(): number {
    const { clock, pipeline } = this.#options
    const now = clock.now()
    const elapsedUs = now - this.#rateAt
    if (elapsedUs > 0) {
      const instant = ((pipeline.recorded - this.#rateRecorded) * 1_000_000) / elapsedUs
      const weight = 1 - Math.exp(-elapsedUs / rateWindowUs)
      this.#rate += (instant - this.#rate) * weight
    }
    if (elapsedUs !== 0) {
      this.#rateAt = now
      this.#rateRecorded = pipeline.recorded
    }
    return Math.round(this.#rate * 10) / 10
  }
}
