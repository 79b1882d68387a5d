// The contract between a gateway and the server it reports to, in the same process or across a network.
import { z } from 'zod'
import { connectionSchema, machineSchema } from './plant.ts'
import { profileSchema } from './profile.ts'

/** A time of the sender's clock, microseconds. */
const micros = z.int().min(0)

/** What a gateway counts, per connection, in samples. collected = buffered + sent + dropped; sent = stored + duplicate + rejected. */
export const ledgerSchema = z.strictObject({
  collected: z.int(),
  buffered: z.int(),
  sent: z.int(),
  stored: z.int(),
  duplicate: z.int(),
  rejected: z.int(),
  dropped: z.int(),
})
export type Ledger = z.infer<typeof ledgerSchema>

export const connectionStates = ['connecting', 'connected', 'waiting', 'failed', 'paused'] as const

export const connectionStatusSchema = z.strictObject({
  name: z.string(),
  driver: z.string(),
  state: z.enum(connectionStates),
  /** The state in plain words, with the reason. */
  detail: z.string(),
  /** Microseconds; when the state was entered. */
  since: micros,
  lastError: z.strictObject({ time: micros, message: z.string() }).nullable(),
  lastData: micros.nullable(),
  /** Samples collected per second, over the last ten seconds or so. */
  rate: z.number(),
  /** Messages or values that could not be read, with the newest reason. */
  faults: z.int(),
  lastFault: z.string().nullable(),
  tagCount: z.int(),
  reconnects: z.int(),
  ledger: ledgerSchema,
})
export type ConnectionStatus = z.infer<typeof connectionStatusSchema>

export const gatewayReportSchema = z.strictObject({
  version: z.string(),
  connections: z.array(connectionStatusSchema),
  outbox: z.strictObject({ bytes: z.int(), bytesMax: z.int(), oldest: micros.nullable() }),
  ledger: ledgerSchema,
})
export type GatewayReport = z.infer<typeof gatewayReportSchema>

/** What a gateway brings to a server that may not know its part of the plant. */
export const gatewayDescriptionSchema = z.strictObject({
  version: z.string(),
  machines: z.array(machineSchema),
  profiles: z.array(profileSchema),
  /** With the machines that each reads, as a whole or single tags of them. */
  connections: z.array(connectionSchema.pick({ name: true, driver: true, machines: true })),
})
export type GatewayDescription = z.infer<typeof gatewayDescriptionSchema>

/** A frame from the outbox with its number in it. */
export interface NumberedFrame {
  readonly sequence: number
  readonly frame: Uint8Array
}

export const sendResultSchema = z.strictObject({ stored: z.int(), duplicate: z.int(), rejected: z.int() })
/** What became of the rows of one frame; they add up to its rows. */
export type SendResult = z.infer<typeof sendResultSchema>

export interface Uplink {
  announce(description: GatewayDescription): Promise<void>
  /** Resolves after the durable commit, one result per frame. Throws `RetryLater` or `NotConnected`; the same frames are then sent again. */
  send(outbox: string, frames: readonly NumberedFrame[]): Promise<SendResult[]>
  report(report: GatewayReport): Promise<void>
}
