// The samples of a series as the windows of a query see them.
import { isBad } from '#core/quality.ts'
import type { SampleColumns, Store } from '#core/store.ts'
import type { Micros } from '#core/time.ts'
import type { TagPath } from '#core/path.ts'
import type { Budget } from './budget.ts'
import { NotEvaluated } from './failure.ts'

/** Ascending in time. NaN is a sample without a value or with a bad quality: there the series ends, as at a staleness marker of Prometheus. */
export interface Rows {
  readonly time: Float64Array
  readonly value: Float64Array
  /** Made when it is asked for. */
  falls?: readonly number[]
}

/** Rows first … end - 1 lie within from ≤ time ≤ to. One object serves all windows of a series. */
export interface Window {
  rows: Rows
  first: number
  end: number
  from: Micros
  to: Micros
}

/** The windows of a selector: one per step, each ending at `ends[step]`, both ends inclusive. */
export interface Windows {
  readonly ends: Float64Array
  readonly widthUs: number
}

/** Windows that lie so many widths apart are read one by one. */
const apartWidths = 4

/**
 * Visits every step with the rows in its window, reading the series once. With `ended` the rows at which the series ends are seen, too.
 */
export async function eachWindow(
  { store, budget }: { store: Pick<Store, 'read'>; budget: Budget },
  path: TagPath,
  { ends, widthUs }: Windows,
  ended: boolean,
  visit: (window: Window, step: number) => void,
): Promise<void> {
  const { samplesPerPage, windowSamplesMax } = budget.limits
  const apart = ends.length > 1 && (ends[1] as number) - (ends[0] as number) > apartWidths * widthUs
  const read = async (from: number, to: number, limit: number) => {
    const columns = await store.read(path, Math.max(0, from), to + 1, limit)
    budget.samples(columns.time.length)
    return columns
  }
  for (let step = 0; step < ends.length; ) {
    const from = (ends[step] as number) - widthUs
    let stop = apart ? step + 1 : ends.length
    let columns = await read(from, ends[stop - 1] as number, samplesPerPage)
    if (columns.time.length === samplesPerPage) {
      const covered = columns.time.at(-1) as number
      while (stop > step && (ends[stop - 1] as number) >= covered) stop--
      if (stop === step) columns = await readLongWindow(read, from, ends[stop++] as number, windowSamplesMax)
    }
    const rows = ended ? marked(columns) : usable(columns)
    const window: Window = { rows, first: 0, end: 0, from: 0, to: 0 }
    for (; step < stop; step++) {
      const passed = slide(window, ends[step] as number, widthUs)
      visit(window, step)
      const pause = budget.spend(1 + passed + (ended ? 0 : window.end - window.first))
      if (pause) await pause
    }
  }
}

/** Moves a window on to its next end and answers how many rows that passed. */
function slide(window: Window, to: Micros, widthUs: number): number {
  const { time } = window.rows
  const before = window.end
  window.from = to - widthUs
  window.to = to
  while (window.end < time.length && (time[window.end] as number) <= to) window.end++
  while (window.first < window.end && (time[window.first] as number) < window.from) window.first++
  return window.end - before
}

async function readLongWindow(
  read: (from: number, to: number, limit: number) => Promise<SampleColumns>,
  from: number,
  to: number,
  windowSamplesMax: number,
): Promise<SampleColumns> {
  const columns = await read(from, to, windowSamplesMax + 1)
  if (columns.time.length > windowSamplesMax)
    throw new NotEvaluated(`one window of a range vector holds more than ${windowSamplesMax} samples; make it shorter`)
  return columns
}

/** The rows as they are, with NaN at bad ones. */
function marked({ time, value, quality }: SampleColumns): Rows {
  return quality.some(isBad) ? { time, value: value.map((x, row) => (isBad(quality[row] as number) ? Number.NaN : x)) } : { time, value }
}

/** Only rows with a value and no bad quality. */
function usable(columns: SampleColumns): Rows {
  const { time, value } = marked(columns)
  const isUsable = (_: number, row: number) => !Number.isNaN(value[row])
  return value.some(Number.isNaN) ? { time: time.filter(isUsable), value: value.filter(isUsable) } : { time, value }
}

/** The rows whose value is below the one before: where a counter began anew. */
export function fallsOf(rows: Rows): readonly number[] {
  if (rows.falls) return rows.falls
  const { value } = rows
  const falls: number[] = []
  for (let row = 1; row < value.length; row++) if ((value[row] as number) < (value[row - 1] as number)) falls.push(row)
  rows.falls = falls
  return falls
}
