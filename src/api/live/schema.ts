// The WebSocket's messages, one JSON text each. The client subscribes; the server sends the latest value at once, then every change,
// at most ten times a second; a slow client loses intermediate values, never the last.
import { z } from 'zod'
import { pathLengthMax } from '#core/path.ts'
import { sampleSchema } from '#api/schema.ts'

export const subscriptionsMax = 10_000

/** They need not exist yet: what comes later under such a path is sent. */
const paths = z.array(z.string().max(pathLengthMax)).default([])

export const liveRequestSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('subscribe'), tags: paths, machines: paths }),
  z.strictObject({ type: z.literal('unsubscribe'), tags: paths, machines: paths }),
])
export type LiveRequest = z.input<typeof liveRequestSchema>

export const liveMessageSchema = z.discriminatedUnion('type', [
  /** At most one sample per tag in a message: the newest by source time. An array's value is its shape; fetch it from /arrays/at. */
  z.object({ type: z.literal('values'), values: z.array(sampleSchema.extend({ tag: z.string() })) }),
  z.object({ type: z.literal('error'), message: z.string() }),
])
export type LiveMessage = z.infer<typeof liveMessageSchema>
