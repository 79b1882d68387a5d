// Plans few, legal reads for many points: neighbours within a small gap share a read. Pure; the driver asks again after an illegal address.
import type { Table } from './settings.ts'

/** What one point needs: `width` items (registers, or bits) from `address` on. */
export interface Span {
  readonly point: number
  readonly unit: number
  readonly table: Table
  readonly address: number
  readonly width: number
}

/** One request and the points it feeds, ascending by address. */
export interface Read {
  readonly unit: number
  readonly table: Table
  readonly address: number
  readonly count: number
  readonly spans: readonly Span[]
}

/** In registers; a read of bits may have sixteen times as many. */
export interface PlanLimits {
  readonly maxRegistersPerRead: number
  readonly maxGap: number
}

const itemsPerRegister = (table: Table) => (table === 'coil' || table === 'discrete' ? 16 : 1)

/** The fewest reads that a walk along each table finds; a value is never split, units and tables never mix. */
export function planReads(spans: readonly Span[], { maxRegistersPerRead, maxGap }: PlanLimits): Read[] {
  const sorted = spans.toSorted((a, b) => a.unit - b.unit || a.table.localeCompare(b.table) || a.address - b.address || a.width - b.width)
  const groups: Span[][] = []
  let group: Span[] = []
  let end = 0
  for (const span of sorted) {
    const first = group[0]
    const factor = itemsPerRegister(span.table)
    const joins =
      first !== undefined &&
      first.unit === span.unit &&
      first.table === span.table &&
      span.address - end <= maxGap * factor &&
      Math.max(end, span.address + span.width) - first.address <= maxRegistersPerRead * factor
    if (!joins) {
      group = []
      groups.push(group)
      end = 0
    }
    group.push(span)
    end = Math.max(end, span.address + span.width)
  }
  return groups.map(readOf)
}

/** Two reads in place of one that the device refused, or undefined when all its points need the very same items. */
export function splitRead({ spans }: Read): [Read, Read] | undefined {
  const differs = (index: number) => {
    const before = spans[index - 1]
    const after = spans[index]
    return before !== undefined && after !== undefined && (before.address !== after.address || before.width !== after.width)
  }
  const middle = spans.length >> 1
  for (let distance = 0; distance <= middle + 1; distance++)
    for (const index of [middle - distance, middle + distance])
      if (differs(index)) return [readOf(spans.slice(0, index)), readOf(spans.slice(index))]
  return undefined
}

function readOf(spans: readonly Span[]): Read {
  const { unit, table, address } = spans[0] as Span
  const end = spans.reduce((end, span) => Math.max(end, span.address + span.width), 0)
  return { unit, table, address, count: end - address, spans }
}
