// What InfluxDB's clients send besides lines. Parameters that name nothing here (org, bucket, db, rp, u, p …) are let pass.
import { z } from 'zod'

/** Length of one unit of time, in microseconds, by its names in both versions. */
const unitsUs = { n: 0.001, ns: 0.001, u: 1, us: 1, µ: 1, ms: 1000, s: 1e6, m: 60e6, h: 3600e6 } as const
const precisions = Object.keys(unitsUs) as (keyof typeof unitsUs)[]

export const writeQuerySchema = z.object({
  /** Unit of the lines' times. */
  precision: z
    .enum(precisions, { error: (issue) => `"${String(issue.input)}" is no precision; write one of ${precisions.join(', ')}` })
    .default('ns')
    .transform((precision) => unitsUs[precision]),
})

export const statementSchema = z.object({ q: z.string().optional() })
