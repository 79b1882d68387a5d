// A gateway: runs connections, keeps what they collect in the outbox, and brings it to the server until the server has it.
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { every, sleep, type Clock } from '#core/clock.ts'
import type { DriverModule, Log } from '#core/driver.ts'
import { ConfigError, messageOf, RetryLater } from '#core/errors.ts'
import { encodeFrame } from '#core/frame.ts'
import { emptyLedger, sumLedgers } from '#core/ledger.ts'
import { planConnection } from '#core/plan.ts'
import { machinesOf, type Plant } from '#core/plant.ts'
import type { Micros } from '#core/time.ts'
import type { GatewayDescription, GatewayReport, Uplink } from '#core/uplink.ts'
import { backoffMs } from './backoff.ts'
import { Outbox, type OutboxEntry } from './outbox.ts'
import { Pipeline } from './pipeline.ts'
import { Runner } from './runner.ts'

/** Rows wait at most so long for their write to the outbox; a driver that waits for durability gets it sooner. */
const flushPeriodMs = 50
const flushSoonMs = 4
/** An outbox that could not be written is tried again so often; what asks meanwhile hears no at once. */
const outboxRetryMs = 500
const reportPeriodMs = 1000
const tidyPeriodMs = 10_000
const stopTimeoutMs = 5000
const sendFramesMax = 256
const sendBytesMax = 4 << 20
const uplinkBackoff = { firstMs: 250, longestMs: 10_000 }

export interface GatewayOptions {
  readonly name: string
  readonly version: string
  /** Connections of this plant that name this gateway are run. */
  readonly plant: Plant
  readonly drivers: ReadonlyMap<string, DriverModule>
  readonly uplink: Uplink
  /** Holds the outbox and the drivers' folders; must exist. */
  readonly folder: string
  readonly clock: Clock
  readonly log: Log
  readonly random?: () => number
  readonly outboxBytesMax?: number
}

interface Connection {
  readonly name: string
  readonly pipeline: Pipeline
  readonly runner: Runner
}

export class Gateway {
  #options: GatewayOptions
  #outbox: Outbox
  #connections: Connection[]
  #stops: (() => void)[] = []
  #stopping = new AbortController()
  #uplinkDone: Promise<void> = Promise.resolve()
  #wake: () => void = () => {}
  #flushing: { promise: Promise<void>; settle: (error?: Error) => void } | undefined
  #outboxFault: { readonly message: string; readonly retryAt: Micros } | undefined
  #closed = false

  /** Opens the outbox and checks every connection. Throws `ConfigError`; touches no machine. */
  constructor(options: GatewayOptions) {
    this.#options = options
    this.#connections = options.plant.connections
      .filter((connection) => connection.gateway === options.name)
      .map((connection) => this.#build(connection))
    this.#outbox = new Outbox(join(options.folder, 'outbox.db'), options.outboxBytesMax)
  }

  start(): void {
    const { clock } = this.#options
    for (const { runner } of this.#connections) runner.start()
    this.#stops.push(
      every(clock, flushPeriodMs, () => this.#flush()),
      every(clock, tidyPeriodMs, () => this.#tidy()),
      every(clock, reportPeriodMs, () => this.#report()),
    )
    this.#uplinkDone = this.#runUplink()
  }

  /** Stops the connections, writes what they gave, sends what can be sent at once, and closes. */
  async stop(): Promise<void> {
    await Promise.all(this.#connections.map(({ runner }) => runner.stop()))
    for (const stop of this.#stops) stop()
    for (const { pipeline } of this.#connections) pipeline.closeWindows(Infinity)
    this.#outboxFault &&= { ...this.#outboxFault, retryAt: 0 }
    this.#flush()
    this.#stopping.abort()
    this.#wake()
    await this.#sendLast()
    this.#closed = true
    this.#flushing?.settle(new RetryLater('the gateway has stopped'))
    this.#outbox.close()
  }

  /** Waits for the uplink's last frames and report, a limited time: what is not acknowledged then stays in the outbox. */
  async #sendLast(): Promise<void> {
    const done = new AbortController()
    const sent = this.#uplinkDone.then(() => this.#report()).finally(() => done.abort())
    await Promise.race([sent, sleep(this.#options.clock, stopTimeoutMs, done.signal)])
  }

  /** Writes a copy of the outbox as it is now. */
  copyOutbox(file: string): void {
    this.#outbox.copyTo(file)
  }

  report(): GatewayReport {
    const connections = this.#connections.map(({ name, runner }) => ({
      ...runner.status(),
      ledger: { ...emptyLedger(), ...this.#outbox.ledger(name) },
    }))
    const { bytes, bytesMax, oldest } = this.#outbox
    return { version: this.#options.version, connections, outbox: { bytes, bytesMax, oldest }, ledger: sumLedgers(this.#outbox.ledgers()) }
  }

  #build(definition: Plant['connections'][number]): Connection {
    const { plant, drivers, clock, log, folder, random = Math.random } = this.#options
    const { name, driver, enabled } = definition
    const module = drivers.get(driver)
    if (!module) throw new ConfigError(`connection "${name}": no driver "${driver}"; there are ${[...drivers.keys()].join(', ')}`)
    const plan = planConnection(definition, plant, module, [name])
    if (Array.isArray(plan)) throw new ConfigError(plan.map(({ at, message }) => `connection ${at.join('.')}: ${message}`).join('\n'))
    const pipeline = new Pipeline(plan.points, {
      clock,
      flush: () => this.#flushSoon(),
      makeRoom: () => this.#outboxFault ?? this.#write(clock.now()),
    })
    const runner = new Runner({ name, module, plan, pipeline, clock, log, folder: join(folder, 'connections', name), random, enabled })
    return { name, pipeline, runner }
  }

  /** One write for all who ask within a few milliseconds. */
  #flushSoon(): Promise<void> {
    if (!this.#flushing) {
      let settle: (error?: Error) => void = () => {}
      const promise = new Promise<void>((resolve, reject) => (settle = (error) => (error ? reject(error) : resolve())))
      promise.catch(() => {})
      this.#flushing = { promise, settle }
      this.#options.clock.after(flushSoonMs, () => this.#flush())
    }
    return this.#flushing.promise
  }

  #flush(): void {
    if (this.#closed) return
    const now = this.#options.clock.now()
    for (const { pipeline } of this.#connections) pipeline.closeWindows(now)
    this.#write(now)
  }

  /** Writes the rows of all connections to the outbox and tells whoever waits for that. */
  #write(now: Micros): void {
    const waiting = this.#flushing
    this.#flushing = undefined
    const fault = this.#outboxFault
    this.#countDropped()
    if (fault && now < fault.retryAt) return waiting?.settle(new RetryLater(fault.message))
    try {
      const entries: OutboxEntry[] = []
      const taken: Pipeline[] = []
      for (const { name, pipeline } of this.#connections) {
        const batch = pipeline.peek()
        if (!batch) continue
        entries.push({ connection: name, count: batch.count, frame: encodeFrame(batch, crc32) })
        taken.push(pipeline)
      }
      if (entries.length > 0) this.#outbox.append(entries, now)
      for (const pipeline of taken) pipeline.taken()
      if (fault) this.#options.log.info('the outbox is written again')
      this.#outboxFault = undefined
      waiting?.settle()
      if (entries.length > 0) this.#wake()
    } catch (error) {
      const message = messageOf(error)
      if (!fault) this.#options.log.warn(message)
      this.#outboxFault = { message, retryAt: now + outboxRetryMs * 1000 }
      waiting?.settle(error instanceof Error ? error : new RetryLater(message))
    }
  }

  #countDropped(): void {
    for (const { name, pipeline } of this.#connections) {
      if (pipeline.dropped === 0) continue
      this.#outbox.countDropped(name, pipeline.dropped)
      pipeline.dropped = 0
    }
  }

  async #runUplink(): Promise<void> {
    const { uplink, clock, log, random = Math.random } = this.#options
    const signal = this.#stopping.signal
    let announced = false
    let failures = 0
    for (let sent = 0; ; ) {
      try {
        if (!announced) await uplink.announce(this.#description())
        announced = true
        const frames = this.#outbox.next(sent, sendFramesMax, sendBytesMax)
        if (frames.length === 0) {
          if (signal.aborted) return
          await new Promise<void>((resolve) => (this.#wake = resolve))
          continue
        }
        const results = await uplink.send(this.#outbox.id, frames)
        this.#outbox.acknowledge(frames, results)
        sent = frames.at(-1)?.sequence ?? sent
        if (failures > 0) log.info('the server takes data again')
        failures = 0
      } catch (error) {
        if (signal.aborted) return
        failures += 1
        announced = false
        if (failures === 1) log.warn(`the server takes no data: ${messageOf(error)}; it waits in the outbox`)
        const delayMs = Math.max(backoffMs(failures, { ...uplinkBackoff, random }), error instanceof RetryLater ? error.afterMs : 0)
        await sleep(clock, delayMs, signal)
      }
    }
  }

  #description(): GatewayDescription {
    const { plant, name, version } = this.#options
    const connections = plant.connections
      .filter((connection) => connection.gateway === name)
      .map((connection) => ({ name: connection.name, driver: connection.driver, machines: machinesOf(connection) }))
    const paths = new Set(connections.flatMap((connection) => connection.machines))
    const machines = plant.machines.filter((machine) => paths.has(machine.path))
    const profiles = [...new Set(machines.map((machine) => machine.profile))].flatMap((profile) => plant.profiles.get(profile) ?? [])
    return { version, machines, profiles, connections }
  }

  async #report(): Promise<void> {
    try {
      await this.#options.uplink.report(this.report())
    } catch {
      // The uplink's own loop says that the server is gone; a report is only news and the next one replaces it.
    }
  }

  #tidy(): void {
    try {
      this.#outbox.tidy()
    } catch (error) {
      this.#options.log.warn(`the outbox cannot be tidied: ${messageOf(error)}`)
    }
  }
}
