import { z } from 'zod'
import { timeParameter, timeText } from '#api/schema.ts'

export const framesPerAnswerMax = 10_000

export const arraysQuerySchema = z.object({
  tag: z.string(),
  from: timeParameter.optional(),
  to: timeParameter.optional(),
  limit: z.coerce.number().int().min(1).max(framesPerAnswerMax).default(1000),
})

export const arraysSchema = z.object({
  tag: z.string(),
  /** Shape of the newest frame; null when there is none. */
  shape: z.array(z.number()).nullable(),
  frames: z.array(z.object({ time: timeText, min: z.number(), max: z.number(), mean: z.number(), std: z.number() })),
})
export type Arrays = z.infer<typeof arraysSchema>

export const arrayAtQuerySchema = z.object({
  tag: z.string(),
  /** `latest`, or the newest frame at or before this time. */
  time: z.union([z.literal('latest'), timeParameter]).default('latest'),
  /**
   * `binary` (or Accept: application/octet-stream): row-major little-endian Float32;
   * headers millwright-shape (`100x100`), millwright-time, millwright-quality.
   */
  format: z.enum(['json', 'binary']).optional(),
})

export const arrayAtSchema = z.object({
  tag: z.string(),
  time: timeText,
  quality: z.string(),
  shape: z.array(z.number()),
  /** Row-major. */
  data: z.array(z.number()),
})
export type ArrayAt = z.infer<typeof arrayAtSchema>
