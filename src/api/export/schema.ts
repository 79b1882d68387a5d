import { z } from 'zod'
import { repeated, timeParameter } from '#api/schema.ts'

export const exportFormats = ['csv', 'jsonl', 'parquet'] as const
export type ExportFormat = (typeof exportFormats)[number]

export const exportQuerySchema = z.object({
  /** May be given several times, and beside `machine`. */
  tag: repeated(z.string()).optional(),
  /** All tags of a machine. */
  machine: z.string().optional(),
  /** From this time on; default 1970. */
  from: timeParameter.optional(),
  /** Up to but not including this time; default now plus the tolerated hour. */
  to: timeParameter.optional(),
  format: z.enum(exportFormats).default('csv'),
  /** Intervals instead of samples: `15m`, `1h`, `1d` …, `hour`, `day`, `week`, `month`, `quarter`, `year`, `shift`. */
  bucket: z.string().optional(),
  /** Of the calendar's intervals, e.g. `Europe/Berlin`; default the plant's. */
  zone: z.string().optional(),
})
export type ExportQuery = z.infer<typeof exportQuerySchema>
