// The plant as a tree of sites, areas, lines and machines, made from the machines' paths. Pure.
import type { MachineSummary } from '#api/machines/schema.ts'

export type MachineStatus = MachineSummary['status']
export const statuses = ['healthy', 'alarm', 'offline'] as const satisfies MachineStatus[]
export type StatusCounts = Record<MachineStatus, number>

export interface PlantNode {
  /** Path of the group or machine. */
  readonly path: string
  /** Last segment for a group, the machine's own name for a machine. */
  readonly name: string
  readonly children: PlantNode[]
  /** Set on a machine; a machine may have machines below it. */
  machine?: MachineSummary
  /** Over all machines at and below this node. */
  readonly counts: StatusCounts
}

const noCounts = (): StatusCounts => ({ healthy: 0, alarm: 0, offline: 0 })

export function countStatuses(machines: readonly MachineSummary[]): StatusCounts {
  const counts = noCounts()
  for (const { status } of machines) counts[status]++
  return counts
}

/** Children are in natural order: `line 2` before `line 10`. */
export function buildPlantTree(machines: readonly MachineSummary[]): PlantNode[] {
  const roots: PlantNode[] = []
  const known = new Map<string, PlantNode>()
  for (const machine of machines) {
    let level = roots
    let path = ''
    for (const name of machine.path.split('/')) {
      path = path ? `${path}/${name}` : name
      let node = known.get(path)
      if (!node) {
        node = { path, name, children: [], counts: noCounts() }
        known.set(path, node)
        level.push(node)
      }
      node.counts[machine.status]++
      level = node.children
    }
    const own = known.get(machine.path)
    if (own) own.machine = machine
  }
  for (const node of known.values()) node.children.sort(byName)
  return roots.toSorted(byName)
}

const order = new Intl.Collator('en', { numeric: true })
const byName = (a: PlantNode, b: PlantNode) => order.compare(a.name, b.name)
export const byPath = (a: { path: string }, b: { path: string }) => order.compare(a.path, b.path)

export interface MachineFilter {
  readonly status: MachineStatus | 'all'
  /** Words that all occur in the path, name or profile. */
  readonly text: string
  /** Only machines at or below this path; empty for all. */
  readonly below: string
}

export function passes(machine: MachineSummary, { status, text, below }: MachineFilter): boolean {
  if (status !== 'all' && machine.status !== status) return false
  if (below && machine.path !== below && !machine.path.startsWith(`${below}/`)) return false
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  const described = `${machine.path} ${machine.name} ${machine.profile ?? ''}`.toLowerCase()
  return words.every((word) => described.includes(word))
}
