// and, or, unless: which series stay is decided step by step.
import { matchKeys } from './binary.ts'
import type { Evaluation } from './evaluation.ts'
import type { Matching, SetOperator } from './syntax.ts'
import { isEmpty, joined, type Series } from './values.ts'

export async function setOperation(
  { budget }: Evaluation,
  operator: SetOperator,
  matching: Matching,
  left: readonly Series[],
  right: readonly Series[],
): Promise<Series[]> {
  const keyOfMatch = matchKeys(matching)
  const [kept, deciding] = operator === 'or' ? [right, left] : [left, right]
  /** Per match the steps at which the deciding side has a value. */
  const steps = new Map<string, Uint8Array>()
  for (const { labels, present } of deciding) {
    const key = keyOfMatch(labels)
    const before = steps.get(key)
    steps.set(key, before ? before.map((here, step) => here | (present[step] as number)) : present)
  }
  const wanted = operator === 'and' ? 1 : 0
  const results: Series[] = operator === 'or' ? [...left] : []
  for (const { labels, values, present } of kept) {
    const there = steps.get(keyOfMatch(labels))
    budget.values(present.length)
    const staying = { labels, values, present: present.map((here, step) => (here === 1 && (there?.[step] ?? 0) === wanted ? 1 : 0)) }
    if (!isEmpty(staying)) results.push(staying)
    const pause = budget.spend(present.length)
    if (pause) await pause
  }
  return joined(results)
}
