import { z } from 'zod'
import { timeText } from '#api/schema.ts'

export const readingSchema = z.object({
  /** Grows with time. */
  id: z.number(),
  timestamp: timeText,
  temperature: z.number().nullable(),
  vibration: z.number().nullable(),
  pressure: z.number().nullable(),
})
export type Reading = z.infer<typeof readingSchema>
export const readingListSchema = z.array(readingSchema)
