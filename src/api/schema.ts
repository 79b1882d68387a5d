// What several resources' schemas share. Pure zod: the dashboard imports the schemas too.
import { z } from 'zod'
import { formatTime, parseTime } from '#core/time.ts'

/** An ISO 8601 time in a query or body, as microseconds. */
export const timeParameter = z.string().transform((text, context) => {
  const time = parseTime(text)
  if (time !== undefined) return time
  context.addIssue({ code: 'custom', message: `"${text}" is no ISO 8601 time such as ${formatTime(0)}` })
  return z.NEVER
})

/** A query parameter that may be given once or several times. */
export const repeated = <T extends z.ZodType<unknown, string>>(item: T) =>
  z.preprocess((given) => (Array.isArray(given) ? given : [given]), z.array(item))

/** An array value in JSON. */
export const arrayValueSchema = z.strictObject({ shape: z.array(z.number()), data: z.array(z.number()) })

/** A value in JSON; null is "no value". Arrays in lists carry their shape only: fetch the data from /arrays/at. */
export const valueSchema = z.union([z.number(), z.boolean(), z.string(), z.strictObject({ shape: z.array(z.number()) }), z.null()])

/** time: ISO 8601 with microseconds; quality: a name such as `good`, `uncertain`, `badNotConnected`. */
export const sampleSchema = z.object({ time: z.string(), value: valueSchema, quality: z.string() })
export type SampleJson = z.infer<typeof sampleSchema>

/** Every error answer: what was wrong and, in the message, the mend. */
export const errorSchema = z.object({ error: z.string(), message: z.string() })
