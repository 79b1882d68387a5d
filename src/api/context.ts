// What the API serves: handed in by app, met through contracts only.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import type { Bus } from '#core/bus.ts'
import type { Calendar } from '#core/calendar.ts'
import type { Clock } from '#core/clock.ts'
import type { Directory } from '#core/directory.ts'
import type { Fault, FaultRequest, SimulatedMachine } from '#core/fault.ts'
import type { GatewayBoard } from '#core/gateway-board.ts'
import type { RetentionRules } from '#core/retention.ts'
import type { Accept, AcceptLines } from '#core/ingest.ts'
import type { Store } from '#core/store.ts'
import type { Uplink } from '#core/uplink.ts'
import type { BackupState } from '#api/backup/schema.ts'
import type { Bodies } from '#api/bodies.ts'
import type { Health } from '#api/health/schema.ts'
import type { Metrics } from '#api/metrics/metrics.ts'

/** What every process tells of itself. */
export interface ProcessContext {
  readonly version: string
  readonly clock: Clock
  readonly metrics: Metrics
  readonly checks: () => Promise<Health['checks']>
  /** Why it cannot do its work now, in plain words; empty when it can, as it always can when absent. */
  readonly notReady?: (() => Promise<string[]>) | undefined
  /** Names by which others on the network ask, besides addresses; this machine alone may ask when absent. */
  readonly hostNames?: readonly string[] | undefined
}

/** The ways in. */
export interface EntranceContext extends ProcessContext {
  readonly directory: Directory
  readonly accept: Accept
  readonly lines: AcceptLines
  readonly bodies: Bodies
  /** The gateway that a token belongs to. */
  readonly gatewayOfToken: (token: string) => Promise<string | undefined>
  /** The server's end of a gateway's uplink. */
  readonly uplinkOf: (gateway: string) => Uplink
}

export interface ApiContext extends EntranceContext {
  readonly store: Store
  readonly board: GatewayBoard
  readonly bus: Bus
  /** The plant's days and shifts; days in UTC when absent. */
  readonly calendar?: Calendar | undefined
  /** Absent where everything is kept. */
  readonly keeping?: { readonly rules: RetentionRules; readonly bytesMax: number; readonly notice: () => string | undefined } | undefined
  /** Absent where the store is no folder. */
  readonly backups?: { start(folder: string): Promise<BackupState>; state(): Promise<BackupState> } | undefined
  /** Fault injection into the simulators; absent without the demo. */
  readonly simulation?:
    | { inject(request: FaultRequest): Promise<Fault>; faults(): Promise<Fault[]>; machines(): Promise<SimulatedMachine[]> }
    | undefined
}

/** A Fastify scope whose routes take their types from zod schemas. */
export type ApiScope = FastifyInstance<RawServerDefault, IncomingMessage, ServerResponse, FastifyBaseLogger, ZodTypeProvider>
