import { z } from 'zod'
import { connectionStatusSchema, ledgerSchema } from '#core/uplink.ts'
import { timeText } from '#api/schema.ts'

export const connectionListSchema = z.array(
  connectionStatusSchema.extend({
    gateway: z.string(),
    since: timeText,
    lastData: timeText.nullable(),
    lastError: z.object({ time: timeText, message: z.string() }).nullable(),
  }),
)
export type ConnectionList = z.infer<typeof connectionListSchema>

export const gatewayListSchema = z.array(
  z.object({
    name: z.string(),
    /** online while it reports. */
    state: z.enum(['online', 'offline']),
    /** The state in plain words. */
    detail: z.string(),
    version: z.string(),
    lastSeen: timeText.nullable(),
    connectionCount: z.number(),
    outbox: z.object({ bytes: z.number(), bytesMax: z.number(), oldest: timeText.nullable() }),
    ledger: ledgerSchema,
    lastError: z.object({ time: timeText, message: z.string() }).nullable(),
  }),
)
export type GatewayList = z.infer<typeof gatewayListSchema>
