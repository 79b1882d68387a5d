// From the plant to what a driver gets: settings and points of one connection, checked by the driver's own schemas.
import type { z } from 'zod'
import type { DriverModule, Point } from './driver.ts'
import { machineOf, nameOf, type TagPath } from './path.ts'
import type { ConnectionDefinition, Plant } from './plant.ts'
import { tagDefinitionSchema } from './tag.ts'

/** Most points of one connection. */
export const pointsMax = 100_000

/** Something wrong with a connection: where in the plant or profile it stands, and what. */
export interface PlanIssue {
  /** Keys from the root of the document. */
  readonly at: readonly PropertyKey[]
  /** The profile whose file is meant; absent for the plant file. */
  readonly profile?: string
  readonly message: string
}

export interface ConnectionPlan {
  readonly settings: unknown
  readonly points: readonly Point[]
}

/** Resolves a connection, or says everything that is wrong with it. `at` is where the connection stands in the plant file. */
export function planConnection(
  connection: ConnectionDefinition,
  plant: Plant,
  module: DriverModule,
  at: readonly PropertyKey[],
): ConnectionPlan | PlanIssue[] {
  const issues: PlanIssue[] = []
  const settings = module.settings.safeParse(connection.settings)
  if (!settings.success) issues.push(...issuesOf(settings.error, [...at, 'settings']))

  const points = new Map<TagPath, Point>()
  const add = (tag: TagPath, address: unknown, where: Omit<PlanIssue, 'message'>, definition = tagDefinitionSchema.parse({})) => {
    const parsed = module.address.safeParse(address)
    if (parsed.success) points.set(tag, { tag, definition, address: parsed.data })
    else issues.push(...issuesOf(parsed.error, where.at).map((issue) => ({ ...where, ...issue })))
  }
  const machines = new Map(plant.machines.map((machine) => [machine.path, machine]))

  connection.machines.forEach((path, index) => {
    const machine = machines.get(path)
    const profile = machine && plant.profiles.get(machine.profile)
    if (!profile)
      return issues.push({ at: [...at, 'machines', index], message: `no machine "${path}" in this plant; add it under machines` })
    const map = profile.maps[module.name]
    if (!map)
      return issues.push({
        at: [...at, 'machines', index],
        message: `profile "${profile.profile}" has no map for ${module.name}; add maps.${module.name} to it`,
      })
    for (const [name, address] of Object.entries(map))
      add(
        `${path}/${name}`,
        substitute(address, nameOf(path)),
        { at: ['maps', module.name, name], profile: profile.profile },
        profile.tags[name],
      )
    return undefined
  })
  for (const [tag, address] of Object.entries(connection.tags)) {
    const machine = machines.get(machineOf(tag))
    const declared = machine && plant.profiles.get(machine.profile)?.tags
    const name = nameOf(tag)
    add(tag, address, { at: [...at, 'tags', tag] }, declared && Object.hasOwn(declared, name) ? declared[name] : undefined)
  }
  if (points.size > pointsMax) issues.push({ at, message: `${points.size} tags in one connection; the most is ${pointsMax}: split it` })
  return issues.length > 0 || !settings.success ? issues : { settings: settings.data, points: [...points.values()] }
}

function issuesOf(error: z.ZodError, at: readonly PropertyKey[]): PlanIssue[] {
  return error.issues.map((issue) => ({
    at: [...at, ...issue.path, ...(issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [])],
    message: issue.message,
  }))
}

/** Replaces `{machine}` in every text of an address. */
function substitute(address: unknown, machine: string): unknown {
  if (typeof address === 'string') return address.replaceAll('{machine}', machine)
  if (Array.isArray(address)) return address.map((item) => substitute(item, machine))
  if (address !== null && typeof address === 'object')
    return Object.fromEntries(Object.entries(address).map(([key, value]) => [key, substitute(value, machine)]))
  return address
}
