import { z } from 'zod'

export const batchType = 'application/vnd.millwright.batch'

/** Most refused rows that an answer names. */
export const rejectedMax = 1000

export const batchHeadersSchema = z.object({
  /** Who numbers these frames; with `millwright-sequence`, a frame that was stored before changes nothing. */
  'millwright-source': z.string().min(1).max(100).optional(),
  /** Number of the first frame, from 1; the following ones count up. */
  'millwright-sequence': z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER).optional(),
})

/** What became of the rows: they are stored, duplicates, expired or rejected. */
export const batchResultSchema = z.object({
  stored: z.number(),
  duplicates: z.number(),
  /** How many of `stored` replaced another value at the same tag and time. */
  replaced: z.number(),
  /** Older than what retention keeps. */
  expired: z.number(),
  rejectedCount: z.number(),
  /** The first of them; rows are counted from 0 through all frames. */
  rejected: z.array(z.object({ row: z.number(), reason: z.string() })),
})
export type BatchResult = z.infer<typeof batchResultSchema>
