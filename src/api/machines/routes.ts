import { z } from 'zod'
import type { Sample } from '#core/batch.ts'
import type { MachineEntry, TagEntry } from '#core/directory.ts'
import { nameOf } from '#core/path.ts'
import { formatTime, type Micros } from '#core/time.ts'
import type { ApiContext, ApiScope } from '#api/context.ts'
import { NotFound } from '#api/errors.ts'
import { sampleJson } from '#api/sample-json.ts'
import { errorSchema } from '#api/schema.ts'
import { machineListQuerySchema, machineListSchema, machineSchema, type MachineSummary, type MachineTag } from './schema.ts'
import { lastGoodOf } from './last-good.ts'
import { exceededLimit, machineSummary } from './status.ts'

const colorDefault = '#14b8a6'

export function machineRoutes(api: ApiScope, { directory, store, clock }: ApiContext): void {
  const tagJson = (tag: TagEntry) => machineTag(tag, store.latest(tag.path))
  const lastGood = lastGoodOf(directory, store)

  async function summaryOf(machine: MachineEntry, now: Micros): Promise<MachineSummary> {
    const summary = machineSummary(machine, directory, store, now)
    if (summary.lastSeen !== null) return summary
    const good = await lastGood(machine.path)
    return { ...summary, lastSeen: good < 0 ? null : formatTime(good) }
  }

  api.get(
    '/machines',
    { schema: { summary: 'All machines with their status', querystring: machineListQuerySchema, response: { 200: machineListSchema } } },
    (request) => {
      const now = clock.now()
      const withMetrics = request.query.include === 'metrics'
      const described = [...directory.machines()].map(async (machine) => ({
        ...(await summaryOf(machine, now)),
        ...(withMetrics && {
          color: machine.profile?.color ?? colorDefault,
          shape: machine.profile?.shape ?? 'box',
          metrics: metricsOf(machine.path, machine.profile?.metrics).map(tagJson),
        }),
      }))
      return Promise.all(described)
    },
  )

  /** The tags a card shows: those that the profile names, or the first few of a machine without one. */
  function metricsOf(path: string, names: readonly string[] | undefined): TagEntry[] {
    if (names) return names.flatMap((name) => directory.tag(`${path}/${name}`) ?? [])
    return [...directory.tags(path)].filter((tag) => tag.kind !== 'array').slice(0, 3)
  }

  api.get(
    '/machines/*',
    {
      schema: {
        summary: 'One machine with its tags; the path may hold slashes',
        params: z.object({ '*': z.string() }),
        response: { 200: machineSchema, 404: errorSchema },
      },
    },
    async (request) => {
      const path = request.params['*']
      const machine = directory.machine(path)
      if (!machine) throw new NotFound(`there is no machine "${path}"; GET /api/v1/machines lists them`)
      const { profile, connections } = machine
      return {
        ...(await summaryOf(machine, clock.now())),
        title: profile?.title ?? 'Machine without a profile',
        color: profile?.color ?? colorDefault,
        shape: profile?.shape ?? 'box',
        metrics: metricsOf(path, profile?.metrics).map((tag) => nameOf(tag.path)),
        connections: [...connections],
        tags: [...directory.tags(path)].map(tagJson),
      }
    },
  )
}

function machineTag(tag: TagEntry, latest: Sample | undefined): MachineTag {
  const { unit, description, decimals, range, limits, writable } = tag.definition ?? {}
  return {
    path: tag.path,
    name: nameOf(tag.path),
    kind: tag.kind,
    unit: unit ?? null,
    description: description ?? null,
    decimals: decimals ?? null,
    range: range ?? null,
    limits: limits ?? null,
    writable: writable ?? false,
    latest: latest ? sampleJson(latest) : null,
    exceeded: exceededLimit(tag, latest),
  }
}
