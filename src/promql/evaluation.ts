// One query under way: its steps, what it may read and spend.
import type { Store } from '#core/store.ts'
import type { Micros } from '#core/time.ts'
import type { Budget } from './budget.ts'
import type { Catalog } from './catalog.ts'
import type { Windows } from './rows.ts'
import type { Expression, Selector } from './syntax.ts'
import type { Value } from './values.ts'

export interface Evaluation {
  readonly store: Pick<Store, 'read' | 'buckets'>
  readonly catalog: Catalog
  readonly budget: Budget
  /** The time of each step. */
  readonly times: Float64Array
  /** The end that was asked for: not always a step. */
  readonly end: Micros
  /** Gives a part of the query; range vectors only functions look at. */
  readonly evaluate: (expression: Expression) => Promise<Value>
}

/** How far back an instant vector looks for the newest sample. */
export const lookbackUs: Micros = 5 * 60_000_000

/**
 * The windows of a selector, one per step. When its time is fixed by @ a single one holds for all steps, unless `eachStep` wants them all the same.
 */
export function windowsOf({ times, end }: Evaluation, { offsetUs, time }: Selector, widthUs: number, eachStep = false): Windows {
  const fixed = time === 'start' ? (times[0] as number) : time === 'end' ? end : time
  const ends = fixed === undefined ? times : new Float64Array(eachStep ? times.length : 1).fill(fixed)
  return { ends: ends.map((time) => time - offsetUs), widthUs }
}
