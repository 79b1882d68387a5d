// The contract of the simulators' protocol servers: each shows one machine to the outside over one protocol.
import type { z } from 'zod'
import type { Clock } from '#core/clock.ts'
import type { Log } from '#core/driver.ts'
import type { Profile } from '#core/profile.ts'
import type { Micros } from '#core/time.ts'
import type { ModelDefinition, Reading, Readings } from '#sim/model.ts'

/** What a machine shows at one moment. */
export interface Snapshot {
  /** Wall-clock time of the measurement. */
  readonly time: Micros
  readonly values: Readonly<Readings>
}

/** The machine as its servers see it. */
export interface ServedMachine {
  readonly path: string
  /** Last segment of the path. */
  readonly name: string
  readonly model: ModelDefinition
  readonly profile: Profile
  latest(): Snapshot
  /** Sets a writable tag and returns nothing, or returns why it cannot. `latest` shows the new value at once. */
  write(tag: string, value: Reading): string | undefined
}

export interface ServerContext {
  readonly machine: ServedMachine
  readonly clock: Clock
  readonly log: Log
  /** A folder of this server's own, for certificates. */
  readonly folder: string
  /** Where a port comes from, as a user would name it, e.g. `ports.printer-1`. */
  readonly portOption: (port: number) => string
}

export interface ProtocolServer {
  /** What it counted, e.g. messages sent and lost. */
  readonly counters: Readonly<Record<string, number>>
  /** Listens, or begins to connect (and goes on trying by itself). Throws `ConfigError` when its port is taken. Again after `stop`. */
  start(): Promise<void>
  /** A new snapshot is there. Only called between `start` and `stop`; never throws. */
  publish(snapshot: Snapshot): void
  /** Goes away as a machine does that loses power: at once. Never throws. */
  stop(): Promise<void>
}

export interface ProtocolModule<Settings = unknown> {
  /** The key under `serve:`. */
  readonly name: string
  readonly settings: z.ZodType<Settings>
  /** Checks without touching the network. Throws `ConfigError`. */
  create(settings: Settings, context: ServerContext): ProtocolServer
}

export function defineProtocol<Settings>(module: ProtocolModule<Settings>): ProtocolModule {
  return module
}
