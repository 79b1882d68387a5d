// What several resources' schemas share. Pure zod: the dashboard imports the schemas too.
import { z } from 'zod'
import { formatTime, parseTime } from '#core/time.ts'

/** An ISO 8601 time in an answer. */
export const timeText = z.string().meta({ format: 'date-time' })

/** An ISO 8601 time in a query or body, as microseconds. */
export const timeParameter = timeText.transform((text, context) => {
  const time = parseTime(text)
  if (time !== undefined) return time
  context.addIssue({ code: 'custom', message: `"${text}" is no ISO 8601 time such as ${formatTime(0)}` })
  return z.NEVER
})

/** A query parameter that may be given once or several times. */
export const repeated = <Item extends z.ZodType<string, string>>(item: Item) =>
  z
    .union([z.array(item), item], { error: 'give it at least once' })
    .transform((given) => (Array.isArray(given) ? given : [given]) as z.output<Item>[])

/** An array value in JSON. */
export const arrayValueSchema = z.strictObject({ shape: z.array(z.number()), data: z.array(z.number()) })

/** A value in JSON; null is "no value". Arrays in lists carry their shape only: fetch the data from /arrays/at. */
export const valueSchema = z.union([z.number(), z.boolean(), z.string(), z.strictObject({ shape: z.array(z.number()) }), z.null()])

/** time: ISO 8601 with microseconds; quality: a name such as `good`, `uncertain`, `badNotConnected`. */
export const sampleSchema = z.object({ time: timeText, value: valueSchema, quality: z.string() })
export type SampleJson = z.infer<typeof sampleSchema>

/** How many samples were deleted. */
export const removedSchema = z.object({ removed: z.number() })

/** Every error answer: what was wrong and, in the message, the mend. */
export const errorSchema = z.object({ error: z.string(), message: z.string() })
