// What parts of a query give: columns with one value per step.
import type { Budget } from './budget.ts'
import { NotEvaluated } from './failure.ts'
import { keyOf, labelsText, type Labels } from './labels.ts'

/** A series over the steps of a query. A step without a value is not the same as NaN, hence `present`. */
export interface Series {
  readonly labels: Labels
  readonly values: Float64Array
  /** 1 where there is a value. */
  readonly present: Uint8Array
}

export type Value =
  | { readonly type: 'scalar'; readonly values: Float64Array }
  | { readonly type: 'vector'; readonly series: readonly Series[] }
  | { readonly type: 'string'; readonly text: string }

export function emptySeries(labels: Labels, steps: number, budget: Budget): Series {
  budget.values(steps)
  return { labels, values: new Float64Array(steps), present: new Uint8Array(steps) }
}

export function setValue({ values, present }: Series, step: number, value: number): void {
  values[step] = value
  present[step] = 1
}

/** The steps at which any of the series has a value. */
export function anyPresent(series: readonly Series[], steps: number): Uint8Array {
  const any = new Uint8Array(steps)
  for (const { present } of series) for (let step = 0; step < steps; step++) any[step] = (any[step] as number) | (present[step] as number)
  return any
}

export const isEmpty = ({ present }: Series): boolean => !present.includes(1)

/**
 * Series with the same labels become one. Throws where two of them have a value at the same step; `why` says what is ambiguous.
 */
export function joined(series: readonly Series[], why = 'several series have the same labels'): Series[] {
  const byKey = new Map<string, Series>()
  for (const one of series) {
    const key = keyOf(one.labels)
    const before = byKey.get(key)
    byKey.set(key, before ? join(before, one, why) : one)
  }
  return [...byKey.values()]
}

function join(a: Series, b: Series, why: string): Series {
  const both = a.present.findIndex((present, step) => present === 1 && b.present[step] === 1)
  if (both >= 0) throw new NotEvaluated(`${why}: ${labelsText(a.labels)}`)
  return {
    labels: a.labels,
    values: a.values.map((value, step) => (b.present[step] === 1 ? (b.values[step] as number) : value)),
    present: a.present.map((present, step) => present | (b.present[step] as number)),
  }
}
