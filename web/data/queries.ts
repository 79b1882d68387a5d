// What the screens ask the server for, how often it is asked again, and under which key the answer is kept.
import { queryOptions } from '@tanstack/react-query'
import type { Arrays } from '#api/arrays/schema.ts'
import type { Buckets } from '#api/buckets/schema.ts'
import type { ConnectionList, GatewayList } from '#api/connections/schema.ts'
import type { Health } from '#api/health/schema.ts'
import type { Machine, MachineList } from '#api/machines/schema.ts'
import type { Samples } from '#api/samples/schema.ts'
import type { Fault, SimulatedMachine } from '#core/fault.ts'
import { getJson, RequestFailed } from './fetch.ts'

/** Most tags in one request for buckets. */
export const tagsPerRequestMax = 50

export const healthQuery = queryOptions({
  queryKey: ['health'],
  queryFn: ({ signal }) => getJson<Health>('health', {}, signal),
  refetchInterval: 10_000,
  retry: 0,
})

/** Status and age of every machine: small, so asked for often. */
export const machineStatusQuery = queryOptions({
  queryKey: ['machines'],
  queryFn: ({ signal }) => getJson<MachineList>('machines', {}, signal),
  refetchInterval: 3000,
})

/** Machines with the definitions of their card tags: large, and rarely different. Live values come over the WebSocket. */
export const machineMetricsQuery = queryOptions({
  queryKey: ['machines', 'metrics'],
  queryFn: ({ signal }) => getJson<MachineList>('machines', { include: 'metrics' }, signal),
  staleTime: 60_000,
  refetchInterval: 60_000,
})

export const machineQuery = (path: string) =>
  queryOptions({
    queryKey: ['machine', path],
    queryFn: ({ signal }) => getJson<Machine>(`machines/${path}`, {}, signal),
    refetchInterval: 5000,
  })

export const connectionsQuery = queryOptions({
  queryKey: ['connections'],
  queryFn: ({ signal }) => getJson<ConnectionList>('connections', {}, signal),
  refetchInterval: 2000,
})

export const gatewaysQuery = queryOptions({
  queryKey: ['gateways'],
  queryFn: ({ signal }) => getJson<GatewayList>('gateways', {}, signal),
  refetchInterval: 2000,
})

/** An answer that exists only with the demo: null where no simulation runs. */
async function ofSimulation<Answer>(path: string, signal: AbortSignal): Promise<Answer | null> {
  try {
    return await getJson<Answer>(`sim/${path}`, {}, signal)
  } catch (error) {
    if (error instanceof RequestFailed && error.status === 404) return null
    throw error
  }
}

/** Which machines are simulated, and what faults they can have. */
export const simulatedMachinesQuery = queryOptions({
  queryKey: ['simulated'],
  queryFn: ({ signal }) => ofSimulation<SimulatedMachine[]>('machines', signal),
  staleTime: Number.POSITIVE_INFINITY,
})

/** Ground truth of the demo's simulators. */
export const faultsQuery = queryOptions({
  queryKey: ['faults'],
  queryFn: ({ signal }) => ofSimulation<Fault[]>('faults', signal),
  refetchInterval: (query) => (query.state.data === null ? false : 3000),
})

/** Min, max, mean and count per bucket; `from` and `to` in milliseconds. */
export const fetchBuckets = (tags: readonly string[], from: number, to: number, buckets: number, signal?: AbortSignal) =>
  getJson<Buckets>('buckets', { tag: tags, from: new Date(from).toISOString(), to: new Date(to).toISOString(), buckets }, signal)

/** Frames of an array tag with their statistics, oldest first; `from` and `to` in milliseconds. */
export const fetchFrames = (tag: string, from: number, to: number, limit: number, signal?: AbortSignal) =>
  getJson<Arrays>('arrays', { tag, from: new Date(from).toISOString(), to: new Date(to).toISOString(), limit }, signal)

export interface SamplesRequest {
  from?: string
  to?: string
  order: 'asc' | 'desc'
  cursor?: string
  limit: number
}

export const fetchSamples = (tag: string, asked: SamplesRequest) => getJson<Samples>('samples', { tag, ...asked })
