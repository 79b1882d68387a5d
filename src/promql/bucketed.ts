// Wide windows from the store's buckets: the edges of all windows cut time into pieces, the store sums up each piece, a window is the sum of its own.
import type { BucketColumns } from '#core/store.ts'
import type { TagPath } from '#core/path.ts'
import { minuteUs } from '#core/time.ts'
import type { Evaluation } from './evaluation.ts'
import type { Windows } from './rows.ts'

/** What is known of a window's samples. There is at least one. */
export interface Fold {
  count: number
  sum: number
  min: number
  max: number
  last: number
  /** Mean, and sum of the squared distances from it. */
  mean: number
  squares: number
}

/** Functions that need no more than that. */
export const bucketFunctions: Readonly<Record<string, (fold: Fold) => number>> = {
  avg_over_time: ({ sum, count }) => sum / count,
  sum_over_time: ({ sum }) => sum,
  min_over_time: ({ min }) => min,
  max_over_time: ({ max }) => max,
  count_over_time: ({ count }) => count,
  last_over_time: ({ last }) => last,
  stdvar_over_time: ({ squares, count }) => squares / count,
  stddev_over_time: ({ squares, count }) => Math.sqrt(squares / count),
}

/** Narrower windows hold too few samples for buckets to pay. */
const widthUsLeast = 5 * minuteUs
/** Most pieces that one window may consist of. */
const piecesMax = 5000

export function suitsBuckets({ ends, widthUs }: Windows): boolean {
  if (widthUs < widthUsLeast) return false
  const stepUs = ends.length > 1 ? (ends[1] as number) - (ends[0] as number) : widthUs
  return stepUs * piecesMax > widthUs * 2
}

/** Visits every step that has samples with their fold. */
export async function foldWindows(
  { store, budget }: Evaluation,
  path: TagPath,
  { ends, widthUs }: Windows,
  visit: (fold: Fold, step: number) => void,
): Promise<void> {
  const [buckets] = await store.buckets([path], edgesOf(ends, widthUs))
  if (!buckets) return
  const { time } = buckets
  budget.samples(time.length)
  const fold: Fold = { count: 0, sum: 0, min: 0, max: 0, last: 0, mean: 0, squares: 0 }
  let [first, end] = [0, 0]
  for (let step = 0; step < ends.length; step++) {
    const to = ends[step] as number
    while (end < time.length && (time[end] as number) <= to) end++
    while (first < end && (time[first] as number) < to - widthUs) first++
    fold.count = 0
    for (let bucket = first; bucket < end; bucket++) if (!beginsAt(to, buckets, bucket)) add(fold, buckets, bucket)
    if (fold.count > 0) visit(fold, step)
    const pause = budget.spend(1 + end - first)
    if (pause) await pause
  }
}

/**
 * Where windows begin, where they end, and the first microsecond after each; ascending, each once. The last microsecond of a window is a piece of
 * its own: it holds one sample, or the summary of what begins there, where retention has left no samples.
 */
function edgesOf(ends: Float64Array, widthUs: number): Float64Array {
  const edges = new Float64Array(ends.length * 3)
  ends.forEach((end, step) => edges.set([end - widthUs, end, end + 1], step * 3))
  edges.sort()
  return edges.filter((edge, index) => index === 0 || edge !== edges[index - 1])
}

/** Whether a piece sums up what begins at the end of a window, and so belongs to the next. */
function beginsAt(end: number, { time, count }: BucketColumns, bucket: number): boolean {
  return time[bucket] === end && (count[bucket] as number) > 1
}

/** The deviation of both together as in Chan, Golub and LeVeque (1979). */
function add(fold: Fold, { count, sum, min, max, last, mean, std }: BucketColumns, bucket: number): void {
  const [n, x] = [count[bucket] as number, mean[bucket] as number]
  const squares = (std[bucket] as number) ** 2 * n
  fold.last = last[bucket] as number
  if (fold.count === 0) {
    fold.count = n
    fold.sum = sum[bucket] as number
    fold.min = min[bucket] as number
    fold.max = max[bucket] as number
    fold.mean = x
    fold.squares = squares
    return
  }
  const delta = x - fold.mean
  const all = fold.count + n
  fold.squares += squares + (delta * delta * fold.count * n) / all
  fold.mean += (delta * n) / all
  fold.count = all
  fold.sum += sum[bucket] as number
  fold.min = Math.min(fold.min, min[bucket] as number)
  fold.max = Math.max(fold.max, max[bucket] as number)
}
