// The orders in which machines are listed, and what the overview's address says about status, place and order. Pure.
import type { MachineSummary } from '#api/machines/schema.ts'
import { byPath, statuses, type MachineStatus } from './plant-tree.ts'

/** What wants attention comes first. */
export const urgency: Record<MachineStatus, number> = { alarm: 0, offline: 1, healthy: 2 }

type Compare = (a: MachineSummary, b: MachineSummary) => number

/** In alarm, then offline with the most recently lost first, then healthy; equal ones in the order of the plant. */
const byUrgency: Compare = (a, b) =>
  urgency[a.status] - urgency[b.status] || (a.status === 'offline' ? (b.lastSeen ?? '').localeCompare(a.lastSeen ?? '') : 0) || byPath(a, b)

export const machineOrders = {
  plant: { label: 'Plant order', compare: byPath as Compare },
  urgency: { label: 'Alarms first', compare: byUrgency },
} as const
export type MachineOrder = keyof typeof machineOrders

export interface OverviewSearch {
  /** All statuses when absent. */
  status?: MachineStatus
  /** Only machines at or below this path. */
  below?: string
  /** The order of the plant when absent. */
  order?: MachineOrder
}

/** What of a page's query is usable; the rest is left out. */
export function readOverviewSearch({ status, below, order }: Record<string, unknown>): OverviewSearch {
  const known = statuses.find((each) => each === status)
  return {
    ...(known && { status: known }),
    ...(typeof below === 'string' && below !== '' && { below }),
    ...(typeof order === 'string' && Object.hasOwn(machineOrders, order) && { order: order as MachineOrder }),
  }
}
