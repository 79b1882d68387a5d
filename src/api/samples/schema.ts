import { z } from 'zod'
import { sampleSchema, timeParameter } from '#api/schema.ts'

export const samplesPerAnswerMax = 10_000

export const samplesQuerySchema = z.object({
  tag: z.string(),
  /** From this time on; default 1970. */
  from: timeParameter.optional(),
  /** Up to but not including this time; default now plus the tolerated hour. */
  to: timeParameter.optional(),
  limit: z.coerce.number().int().min(1).max(samplesPerAnswerMax).default(1000),
  /** `next` of the answer before. */
  cursor: z.string().optional(),
  /** `desc` starts with the newest. */
  order: z.enum(['asc', 'desc']).default('asc'),
})

/** Both ends are needed: what is left out by mistake must not delete everything. */
export const samplesDeleteQuerySchema = z.object({ tag: z.string(), from: timeParameter, to: timeParameter })

export const samplesSchema = z.object({
  tag: z.string(),
  unit: z.string().nullable(),
  samples: z.array(sampleSchema),
  /** Pass it as `cursor` for the rest; null at the end. */
  next: z.string().nullable(),
})
export type Samples = z.infer<typeof samplesSchema>

/** One posted sample; checked one by one, so that a bad one rejects itself alone. */
export const postedSampleSchema = z.strictObject({
  tag: z.string(),
  /** ISO 8601; the time of arrival when absent. */
  time: z.string().optional(),
  value: z.union([
    z.number(),
    z.boolean(),
    z.string(),
    z.null(),
    z.strictObject({ shape: z.array(z.number()), data: z.array(z.number()) }),
  ]),
  /** A quality name such as `good`, `uncertain`, `badSensorFailure`. */
  quality: z.string().optional(),
})
export const postedSamplesMax = 100_000
export const postedSamplesSchema = z.array(z.unknown()).max(postedSamplesMax)
export const postResultSchema = z.object({
  accepted: z.number(),
  rejected: z.array(z.object({ index: z.number(), reason: z.string() })),
})
