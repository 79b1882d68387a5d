// What exists: machines, connections and, for demonstrations, simulators. The plant file in YAML has exactly this form.
import { z } from 'zod'
import { calendarSchema } from './calendar.ts'
import { machineOf, machinePathFault, tagPathFault, type MachinePath } from './path.ts'
import type { Profile } from './profile.ts'
import { retentionRulesSchema } from './retention.ts'
import { formatSize, parseSize } from './size.ts'

const machinePath = z.string().superRefine((path, context) => {
  const fault = machinePathFault(path)
  if (fault) context.addIssue({ code: 'custom', message: fault })
})
const tagPath = z.string().superRefine((path, context) => {
  const fault = tagPathFault(path)
  if (fault) context.addIssue({ code: 'custom', message: fault })
})
const slug = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'write a name in lower-case letters, digits and -')

export const machineSchema = z.strictObject({
  path: machinePath,
  name: z.string().min(1).max(100).optional(),
  profile: z.string(),
})

/** The gateway that runs inside the server. */
export const ownGateway = 'edge'

/** A connection: a driver with its settings and what it reads. */
export const connectionSchema = z.strictObject({
  name: slug,
  driver: z.string(),
  /** The gateway that runs it. */
  gateway: slug.default(ownGateway),
  /** Machines read through this connection, by their profile's map for the driver. */
  machines: z.array(machinePath).default([]),
  /** Single tags with their addresses, beside or instead of the profile's map. */
  tags: z.record(tagPath, z.unknown()).default({}),
  /** In the driver's own terms. */
  settings: z.record(z.string(), z.unknown()).default({}),
  enabled: z.boolean().default(true),
})

/** A simulated machine: `model` is its physics, `serve` says over which protocol, in the terms of that simulator server. */
export const simulatorSchema = z.strictObject({
  machine: machinePath,
  model: slug,
  serve: z.record(z.string(), z.unknown()),
  /** Parameters of the model, e.g. wear rate. */
  parameters: z.record(z.string(), z.number()).default({}),
})

/** Less would hold a few days at most. */
const storeBytesMin = 10_000_000

/** Why a store cannot be held within so many bytes, or undefined when it can. */
export const storeQuotaFault = (bytes: number | undefined): string | undefined =>
  bytes === undefined
    ? 'write a size with its unit, such as 500MB, 50GB or 1.5TB'
    : bytes < storeBytesMin
      ? `${formatSize(bytes)} is too little for a store; the least is ${formatSize(storeBytesMin)}`
      : undefined

/** `50GB` as bytes. */
const storeQuota = z.unknown().transform((given, context) => {
  const bytes = typeof given === 'string' ? parseSize(given) : undefined
  const fault = storeQuotaFault(bytes)
  if (fault === undefined) return bytes as number
  context.addIssue({ code: 'custom', message: fault })
  return z.NEVER
})

export const plantSchema = z.strictObject({
  plant: z.string(),
  /** Named TCP/UDP ports; write `${ports.NAME}` where one is used. */
  ports: z.record(slug, z.int().min(1).max(65_535)).default({}),
  machines: z.array(machineSchema).max(100_000).default([]),
  connections: z.array(connectionSchema).max(10_000).default([]),
  /** Where days and shifts begin; days in UTC without it. */
  calendar: calendarSchema.optional(),
  /** How long what is stored is kept; by default samples 30 days, minutes a year, hours for ever. */
  retention: retentionRulesSchema.optional(),
  /** `bytesMax`: what the store may take on the disk; as much as there is without it. */
  store: z.strictObject({ bytesMax: storeQuota }).optional(),
  simulation: z
    .strictObject({
      seed: z.int().default(1),
      /** How many simulated seconds pass in one real second. */
      speed: z.number().positive().max(10_000).default(1),
      controlPort: z.int().min(1).max(65_535).default(8090),
      machines: z.array(simulatorSchema).default([]),
    })
    .optional(),
})

export type ConnectionDefinition = z.infer<typeof connectionSchema>
export type SimulatorDefinition = z.infer<typeof simulatorSchema>
export type PlantFile = z.infer<typeof plantSchema>

/** A plant file with its profiles at hand, checked as a whole. */
export interface Plant extends PlantFile {
  readonly profiles: ReadonlyMap<string, Profile>
}

/** A plant of which no file says anything. */
export const emptyPlant: Plant = { plant: 'Plant', ports: {}, machines: [], connections: [], profiles: new Map() }

/** The machines that a connection reads, as a whole or single tags of them. */
export function machinesOf({ machines, tags }: Pick<ConnectionDefinition, 'machines' | 'tags'>): MachinePath[] {
  return [...new Set([...machines, ...Object.keys(tags).map(machineOf)])]
}
