// One simulated machine: physics that follow the clock, sensors, faults, and the servers that show it to the outside.
import type { Clock } from '#core/clock.ts'
import type { Log } from '#core/driver.ts'
import { Rejected } from '#core/errors.ts'
import type { FaultKind } from '#core/fault.ts'
import { nameOf } from '#core/path.ts'
import type { Profile } from '#core/profile.ts'
import type { FaultRecord } from './fault-book.ts'
import { physicalFaults, undisturbed, type Disturbance, type Model, type ModelDefinition, type Reading, type Readings } from './model.ts'
import { randomOf, type Random } from './random.ts'
import { measure, sensorFaults, type SensorFault } from './sensor.ts'
import { ServerLife } from './server-life.ts'
import type { ProtocolServer, ServedMachine, Snapshot } from './servers/protocol-server.ts'

export const activeFaultsMax = 20
/** A machine whose turn comes late (a busy or sleeping computer) makes up for so many periods at most. */
const periodsMissedMax = 60
/** Lets heat and pressures settle before anybody looks. */
const warmUpSeconds = 300

const machineFaults = ['dropOut', 'restart'] as const satisfies FaultKind[]

export interface MachineOptions {
  readonly path: string
  readonly model: ModelDefinition
  readonly profile: Profile
  readonly parameters: Readonly<Record<string, number>>
  readonly seed: number
  /** Simulated seconds per real second. */
  readonly speed: number
  readonly periodMs: number
  readonly clock: Clock
  readonly log: Log
}

interface ActiveFault extends FaultRecord {
  /** What the tag showed when it began. */
  readonly held: Reading | undefined
}

export class SimulatedMachine implements ServedMachine {
  readonly path: string
  readonly name: string
  readonly model: ModelDefinition
  readonly profile: Profile
  #options: MachineOptions
  #physics: Model
  #sensorNoise: Random
  #active: ActiveFault[] = []
  #latest: Snapshot
  #servers = new Map<string, ServerLife>()
  #cancel = () => {}

  constructor(options: MachineOptions) {
    this.#options = options
    this.path = options.path
    this.name = nameOf(options.path)
    this.model = options.model
    this.profile = options.profile
    this.#physics = options.model.create(options.parameters, randomOf(options.seed, `${options.path}:physics`))
    this.#sensorNoise = randomOf(options.seed, `${options.path}:sensors`)
    this.#physics.advance(warmUpSeconds, undisturbed)
    this.#latest = this.#measure()
  }

  /** Every fault this machine can have. */
  get supportedFaults(): FaultKind[] {
    return [...this.model.faults, ...sensorFaults, ...machineFaults]
  }

  get online(): boolean {
    return !this.#active.some(({ fault }) => fault === 'dropOut' || fault === 'restart')
  }

  latest(): Snapshot {
    return this.#latest
  }

  /** True values that no sensor shows, and the true readings. */
  truth(): Readings {
    const readings = Object.entries(this.#physics.readings()).filter(([, value]) => typeof value !== 'object')
    return { ...Object.fromEntries(readings), ...this.#physics.truth() }
  }

  counters(): Record<string, Readonly<Record<string, number>>> {
    return Object.fromEntries([...this.#servers].map(([protocol, { server }]) => [protocol, server.counters]))
  }

  serveBy(protocol: string, server: ProtocolServer): void {
    this.#servers.set(protocol, new ServerLife(server, this.#options.log))
  }

  /** Starts the servers; throws when one cannot. */
  async open(): Promise<void> {
    await Promise.all([...this.#servers.values()].map((server) => server.start()))
  }

  /** Begins to live; `phase`, 0 to 1, spreads machines over the period. */
  run(phase: number): void {
    const { clock, periodMs } = this.#options
    const phaseMs = phase * periodMs
    const begin = clock.now() + phaseMs * 1000
    let done = 0
    const turn = () => {
      const due = Math.floor((clock.now() - begin) / (periodMs * 1000)) + 1
      const periods = Math.max(1, due - done)
      done = Math.max(due, done + 1)
      this.#tick(Math.min(periods, periodsMissedMax))
      // Not longer than a period, whatever the clock was set to meanwhile.
      this.#cancel = clock.after(Math.min(periodMs, (begin + done * periodMs * 1000 - clock.now()) / 1000), turn)
    }
    this.#cancel = clock.after(phaseMs, turn)
  }

  async stop(): Promise<void> {
    this.#cancel()
    await Promise.all([...this.#servers.values()].map((server) => server.stop()))
  }

  write(tag: string, value: Reading): string | undefined {
    if (!this.model.writable.includes(tag)) return `${tag} of ${this.path} is not writable`
    const sensor = this.model.sensors[tag]
    if (sensor ? typeof value !== 'number' || !Number.isFinite(value) : typeof value !== 'boolean')
      return `${tag} of ${this.path} takes a ${sensor ? 'number' : 'boolean'}`
    if (sensor && typeof value === 'number' && (value < sensor.range[0] || value > sensor.range[1]))
      return `${tag} of ${this.path} takes ${sensor.range[0]} to ${sensor.range[1]}`
    this.#physics.write?.(tag, value as number | boolean)
    const { time, values } = this.#measure()
    this.#latest = { time, values: { ...values, [tag]: value } }
    return undefined
  }

  /** The tag that a fault acts on: for sensor faults the given one, or the first of the profile's metrics that is measured; else none. Throws `Rejected`. */
  faultTag(fault: FaultKind, tag: string | undefined): string | null {
    if (!this.supportedFaults.includes(fault))
      throw new Rejected(`${this.path} (${this.model.name}) cannot have the fault ${fault}; it can have ${this.supportedFaults.join(', ')}`)
    if (!isSensorFault(fault)) return null
    const sensors = Object.keys(this.model.sensors)
    if (tag !== undefined && !sensors.includes(tag))
      throw new Rejected(`${this.path} measures no "${tag}"; it measures ${sensors.join(', ')}`)
    const metrics = this.profile.metrics.map((metric) => metric.split('.')[0] as string)
    return tag ?? metrics.find((metric) => sensors.includes(metric)) ?? (sensors[0] as string)
  }

  /** Lets a fault begin. */
  suffer(record: FaultRecord): void {
    this.#active.push({ ...record, held: record.tag === null ? undefined : this.#latest.values[record.tag] })
    if (record.fault === 'restart') this.#physics.restart()
    this.#switch()
  }

  get activeFaults(): number {
    return this.#active.length
  }

  #tick(periods: number): void {
    const now = this.#options.clock.now()
    this.#active = this.#active.filter(({ end }) => now < end)
    this.#physics.advance((periods * this.#options.periodMs * this.#options.speed) / 1000, this.#disturbance())
    this.#latest = this.#measure()
    this.#switch()
    if (this.online) for (const server of this.#servers.values()) server.publish(this.#latest)
  }

  #switch(): void {
    for (const server of this.#servers.values()) server.want(this.online)
  }

  #disturbance(): Disturbance {
    const severity = { ...undisturbed }
    for (const active of this.#active) {
      const kind = physicalFaults.find((fault) => fault === active.fault)
      if (kind) severity[kind] = Math.max(severity[kind], active.severity)
    }
    return severity
  }

  #measure(): Snapshot {
    const { clock, speed } = this.#options
    const time = clock.now()
    const values: Readings = {}
    for (const [tag, value] of Object.entries(this.#physics.readings())) {
      const sensor = this.model.sensors[tag]
      const faults = this.#active.flatMap(({ fault, tag: affected, severity, start, held }): SensorFault[] =>
        affected === tag && isSensorFault(fault) ? [{ kind: fault, severity, held, seconds: ((time - start) / 1e6) * speed }] : [],
      )
      values[tag] = sensor ? measure(sensor, value, faults, this.#sensorNoise) : value
    }
    return { time, values }
  }
}

function isSensorFault(fault: FaultKind): fault is SensorFault['kind'] {
  return sensorFaults.some((kind) => kind === fault)
}
