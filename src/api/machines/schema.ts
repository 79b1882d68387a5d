import { z } from 'zod'
import { limitsSchema, kinds } from '#core/tag.ts'
import { sampleSchema, timeText } from '#api/schema.ts'

export const machineSummarySchema = z.object({
  path: z.string(),
  name: z.string(),
  /** Null for a machine that first samples created. */
  profile: z.string().nullable(),
  status: z.enum(['healthy', 'alarm', 'offline']),
  lastSeen: timeText.nullable(),
  tagCount: z.number(),
})
export type MachineSummary = z.infer<typeof machineSummarySchema>

export const machineTagSchema = z.object({
  path: z.string(),
  /** Last segment of the path. */
  name: z.string(),
  kind: z.enum(kinds),
  unit: z.string().nullable(),
  description: z.string().nullable(),
  decimals: z.number().nullable(),
  range: z.tuple([z.number(), z.number()]).nullable(),
  limits: limitsSchema.nullable(),
  writable: z.boolean(),
  latest: sampleSchema.nullable(),
  /** Which limit the latest value is beyond. */
  exceeded: z.enum(['lowLow', 'low', 'high', 'highHigh']).nullable(),
})
export type MachineTag = z.infer<typeof machineTagSchema>

export const machineSchema = machineSummarySchema.extend({
  title: z.string(),
  color: z.string(),
  shape: z.string(),
  /** Names of the tags to show on cards, the most telling first. */
  metrics: z.array(z.string()),
  /** The connections that read this machine. */
  connections: z.array(z.string()),
  tags: z.array(machineTagSchema),
})
export type Machine = z.infer<typeof machineSchema>

export const machineListQuerySchema = z.object({
  /** `metrics`: each machine comes with the tags its profile shows on cards. */
  include: z.enum(['metrics']).optional(),
})

export const machineListSchema = z.array(
  machineSummarySchema.extend({
    color: z.string().optional(),
    shape: z.string().optional(),
    metrics: z.array(machineTagSchema).optional(),
  }),
)
export type MachineList = z.infer<typeof machineListSchema>
