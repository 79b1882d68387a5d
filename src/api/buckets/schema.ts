import { z } from 'zod'
import { repeated, timeParameter, timeText } from '#api/schema.ts'

export const bucketsMax = 10_000
export const bucketsDefault = 1000

export const bucketsQuerySchema = z.object({
  tag: repeated(z.string()).pipe(z.array(z.string()).min(1).max(50)),
  from: timeParameter,
  to: timeParameter,
  /** So many equal intervals; 1000 when neither this nor `every` is given. */
  buckets: z.coerce.number().int().min(1).max(bucketsMax).optional(),
  /**
   * How long each interval is instead: `15m`, `1h`, `1d` … counted from 1970 UTC, or the calendar's `hour`, `day`, `week`, `month`,
   * `quarter`, `year`, `shift`. The first and the last one are cut off at `from` and `to`.
   */
  every: z.string().optional(),
  /** Of the calendar's intervals, e.g. `Europe/Berlin`; default the plant's. */
  zone: z.string().optional(),
})

/** Columns per tag; empty buckets are left out; `time` is the start of each bucket. */
export const bucketsSchema = z.array(
  z.object({
    tag: z.string(),
    time: z.array(timeText),
    /** With `every`. */
    end: z.array(timeText).optional(),
    /** Names of the shifts, with `every=shift`. */
    shift: z.array(z.string()).optional(),
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
