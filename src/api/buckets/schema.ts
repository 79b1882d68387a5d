import { z } from 'zod'
import { repeated, timeParameter, timeText } from '#api/schema.ts'

export const bucketsMax = 10_000

export const bucketsQuerySchema = z.object({
  tag: repeated(z.string()).pipe(z.array(z.string()).min(1).max(50)),
  from: timeParameter,
  to: timeParameter,
  buckets: z.coerce.number().int().min(1).max(bucketsMax).default(1000),
})

/** Columns per tag; empty buckets are left out; `time` is the start of each bucket. */
export const bucketsSchema = z.array(
  z.object({
    tag: z.string(),
    time: z.array(timeText),
    count: z.array(z.number()),
    min: z.array(z.number()),
    max: z.array(z.number()),
    sum: z.array(z.number()),
    mean: z.array(z.number()),
    std: z.array(z.number()),
    timeMean: z.array(z.number()),
    first: z.array(z.number()),
    last: z.array(z.number()),
  }),
)
export type Buckets = z.infer<typeof bucketsSchema>
