// Where time buckets begin and end: equal ones for charts. Those of a calendar are in calendar.ts.
import { Rejected } from './errors.ts'
import { dayUs, hourUs, minuteUs, type Micros } from './time.ts'

/** Most buckets one question may ask for. */
export const bucketCountMax = 100_000

/** A bucket at least so many grains wide has its edges moved to whole grains, so that roll-ups answer it. */
const grainsPerBucket = 6
const grains = [dayUs, hourUs, minuteUs]

/**
 * The first microsecond of each of `count` equal buckets over from ≤ time < to, and the end of the last: `count` + 1 times, ascending. Buckets
 * of six minutes, hours or days and more begin at whole UTC minutes, hours or days, but for the first, which begins at `from`.
 * Throws `Rejected` for an impossible count.
 */
export function equalEdges(from: Micros, to: Micros, count: number): Float64Array {
  if (!Number.isInteger(count) || count < 1 || count > bucketCountMax)
    throw new Rejected(`${count} buckets were asked for; ask for 1 to ${bucketCountMax}`)
  const width = Math.max(0, to - from) / count
  const grain = grains.find((grain) => width >= grainsPerBucket * grain) ?? 1
  const edges = new Float64Array(count + 1)
  for (let bucket = 1; bucket < count; bucket++) edges[bucket] = Math.ceil((from + bucket * width) / grain) * grain
  edges[0] = from
  edges[count] = to
  return edges
}

/** Throws `Rejected` when there are no, too many, or descending edges. */
export function checkEdges(edges: Float64Array): void {
  if (edges.length < 2 || edges.length > bucketCountMax + 1)
    throw new Rejected(`${edges.length - 1} buckets were asked for; ask for 1 to ${bucketCountMax}`)
  for (let edge = 1; edge < edges.length; edge++)
    if (!((edges[edge] as number) >= (edges[edge - 1] as number))) throw new Rejected(`bucket ${edge - 1} ends before it begins`)
}
