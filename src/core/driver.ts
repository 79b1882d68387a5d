// The contract between a gateway and its drivers. Promises: docs/specs/driver.md.
// A driver says what happened; the gateway's runner alone retries, backs off, counts and logs.
import type { z } from 'zod'
import type { ArrayValue } from './array.ts'
import type { Value } from './batch.ts'
import type { Clock } from './clock.ts'
import type { TagPath } from './path.ts'
import type { Quality } from './quality.ts'
import type { TagDefinition } from './tag.ts'
import type { Micros } from './time.ts'

/** One tag that a connection reads: its address is in the driver's own terms. Drivers name points by their index. */
export interface Point<Address = unknown> {
  readonly tag: TagPath
  readonly definition: TagDefinition
  readonly address: Address
}

/** Where a driver puts what it reads. Nothing here blocks or throws; what the pipeline refuses it counts itself. */
export interface Sink {
  /** A number, or a boolean as 0 or 1; NaN with a bad quality where there is no value. */
  sample(point: number, time: Micros, value: number, quality: Quality): void
  text(point: number, time: Micros, text: string, quality: Quality): void
  array(point: number, time: Micros, array: ArrayValue, quality: Quality): void
  /** The point cannot be read right now (malformed message, vanished node): counted, and recorded once per change as a sample without a value. */
  fault(point: number, quality: Quality, reason: string): void
  /** Resolves when everything given so far is durable in the outbox. A push driver confirms to its device only after this. */
  durable(): Promise<void>
}

export interface Log {
  info(message: string): void
  warn(message: string): void
}

export interface DriverContext {
  readonly clock: Clock
  readonly log: Log
  readonly sink: Sink
  /** A folder of the driver's own that outlives restarts, for certificates and the like. */
  readonly folder: string
  /** Says that an established connection is gone; the runner closes this driver and makes a new one. Only the first call counts. */
  lost(error: Error): void
  /** Says that the peer is alive although it sends no values (keep-alive): feeds the watchdog. */
  alive(): void
}

/** One life of a connection: `connect` once, then polls or pushes, then `close` once. Never reused: the runner makes a new one. */
export interface Driver {
  /** How often `poll` wants to be called. */
  readonly pollPeriodMs?: number
  /** No sample and no `alive` for so long means that the peer is dead, whatever its socket says. */
  readonly watchdogMs?: number
  /** Touches the network for the first time. Throws `NotConnected` with the reason, or `ConfigError` when a person has to act first. */
  connect(signal: AbortSignal): Promise<void>
  /** Reads everything once into the sink. Throws `NotConnected` when the connection is gone. */
  poll?(signal: AbortSignal): Promise<void>
  /** Writes to the machine and resolves when the machine has confirmed. Throws `Rejected` with the machine's reason. */
  write?(point: number, value: Value): Promise<void>
  /** Releases everything; never throws, may be called before `connect` has finished. */
  close(): Promise<void>
}

export interface DriverModule<Settings = unknown, Address = unknown> {
  /** The folder's name, the `driver:` of a connection and the key of profile maps. */
  readonly name: string
  readonly title: string
  readonly description: string
  readonly settings: z.ZodType<Settings>
  readonly address: z.ZodType<Address>
  /** Checks what the schemas cannot and returns a driver without touching the network. Throws `ConfigError`. */
  create(settings: Settings, points: readonly Point<Address>[], context: DriverContext): Driver
}

/** Keeps the types of a driver's schemas together; the registry then holds it as a plain `DriverModule`. */
export function defineDriver<Settings, Address>(module: DriverModule<Settings, Address>): DriverModule {
  return module
}
