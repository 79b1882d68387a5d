// The parameters and answers of Prometheus' HTTP API, as of its version 2.42: what Grafana and promtool send and expect.
import { z } from 'zod'
import { parseTime, type Micros } from '#core/time.ts'
import { parseDuration } from '#promql/duration.ts'
import { labelNamePattern } from '#promql/labels.ts'
import { repeated } from '#api/schema.ts'

/** The last time that is exact in microseconds. */
const timeMax = Number.MAX_SAFE_INTEGER

/** Seconds since 1970 or RFC 3339; milliseconds are what counts. */
const time = z.string().transform((text, context): Micros => {
  const seconds = numberOf(text)
  const parsed = seconds === undefined ? parseTime(text) : Math.round(seconds * 1000) * 1000
  if (parsed !== undefined && parsed >= 0 && parsed <= timeMax) return Math.floor(parsed / 1000) * 1000
  context.addIssue({ code: 'custom', message: `"${text}" is no time: write seconds since 1970 or RFC 3339, as in 2026-01-31T12:00:00Z` })
  return z.NEVER
})

/** Seconds or a duration such as 1m30s, in whole milliseconds. */
const duration = z.string().transform((text, context): number => {
  const seconds = numberOf(text)
  const parsed = seconds === undefined ? parseDuration(text) : Math.round(seconds * 1000) * 1000
  if (parsed !== undefined && parsed > 0 && parsed <= timeMax) return parsed
  context.addIssue({ code: 'custom', message: `"${text}" is no duration longer than 0: write seconds or a duration, as in 1m30s` })
  return z.NEVER
})

function numberOf(text: string): number | undefined {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined
}

const query = z.string({ error: 'give an expression, as in temperature' })
const match = repeated(z.string()).optional()
const limit = z.coerce.number().int().min(0).optional()

/** When time is left out, it is now. */
export const instantQuerySchema = z.object({ query, time: time.optional(), timeout: duration.optional() })
export const rangeQuerySchema = z.object({ query, start: time, end: time, step: duration, timeout: duration.optional() })
export const labelsQuerySchema = z.object({ 'match[]': match, start: time.default(0), end: time.optional(), limit })
export const seriesQuerySchema = labelsQuerySchema.extend({ 'match[]': repeated(z.string()) })
export const labelParametersSchema = z.object({
  name: z.string().regex(labelNamePattern, 'a label is named in letters, digits and _'),
})
export const metadataQuerySchema = z.object({ metric: z.string().optional(), limit })

const labels = z.record(z.string(), z.string())
/** Seconds since 1970, and the value as text: JSON has no NaN. */
const point = z.tuple([z.number(), z.string()])
const success = <Data extends z.ZodType>(data: Data) => z.object({ status: z.literal('success'), data })

export const queryAnswerSchema = success(
  z.discriminatedUnion('resultType', [
    z.object({ resultType: z.literal('scalar'), result: point }),
    z.object({ resultType: z.literal('string'), result: point }),
    z.object({ resultType: z.literal('vector'), result: z.array(z.object({ metric: labels, value: point })) }),
    z.object({ resultType: z.literal('matrix'), result: z.array(z.object({ metric: labels, values: z.array(point) })) }),
  ]),
)
export const namesAnswerSchema = success(z.array(z.string()))
export const seriesAnswerSchema = success(z.array(labels))
export const metadataAnswerSchema = success(
  z.record(z.string(), z.array(z.object({ type: z.literal('gauge'), help: z.string(), unit: z.string() }))),
)
export const buildInfoAnswerSchema = success(
  z.object({
    version: z.string(),
    revision: z.string(),
    branch: z.string(),
    buildUser: z.string(),
    buildDate: z.string(),
    goVersion: z.string(),
  }),
)

export const errorSchema = z.object({ status: z.literal('error'), errorType: z.string(), error: z.string() })
