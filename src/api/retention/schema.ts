import { z } from 'zod'
import { retentionRulesSchema } from '#core/retention.ts'
import { timeText } from '#api/schema.ts'

export const retentionQuerySchema = z.object({
  /** Also what is kept of this tag. */
  tag: z.string().optional(),
})

const days = z.union([z.number(), z.literal('forever')])
/** Days before a tag's newest sample. */
const keepSchema = z.object({ raw: days, minutes: days, hours: days })

export const retentionSchema = z.object({
  /** The first that fits a tag holds. */
  rules: retentionRulesSchema,
  /** For what no rule says. */
  otherwise: keepSchema,
  quota: z.object({
    /** Null: as much as there is. */
    bytesMax: z.number().nullable(),
    bytes: z.number(),
    /** What is to be said of it, in plain words. */
    notice: z.string().nullable(),
  }),
  tag: z
    .object({
      path: z.string(),
      keep: keepSchema,
      /** The oldest sample that is still there; before it there are minutes and hours. */
      oldest: timeText.nullable(),
      newest: timeText.nullable(),
    })
    .optional(),
})
