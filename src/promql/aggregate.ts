// Aggregations: many series side by side become one per group, or the highest and lowest of them are chosen.
import type { Evaluation } from './evaluation.ts'
import { NotEvaluated } from './failure.ts'
import { keyOf, metricName, onlyLabels, withoutLabels, type Labels } from './labels.ts'
import { aggregations } from './statistics.ts'
import type { AggregationOperator, Grouping } from './syntax.ts'
import { emptySeries, isEmpty, setValue, type Series } from './values.ts'

interface Group {
  readonly labels: Labels
  readonly members: Series[]
}

/** `parameters` holds, per step, the number that some aggregations take. */
export async function aggregate(
  evaluation: Evaluation,
  operator: AggregationOperator,
  grouping: Grouping,
  series: readonly Series[],
  parameters: Float64Array | undefined,
): Promise<Series[]> {
  const results: Series[] = []
  for (const group of groupsOf(grouping, series))
    if (operator === 'topk' || operator === 'bottomk')
      results.push(...(await outermost(evaluation, group, parameters as Float64Array, operator === 'topk')))
    else results.push(await summedUp(evaluation, group, aggregations[operator], parameters))
  return results
}

function groupsOf({ without, labels: names }: Grouping, series: readonly Series[]): Iterable<Group> {
  const groups = new Map<string, Group>()
  for (const one of series) {
    const labels = without ? withoutLabels(one.labels, [...names, metricName]) : onlyLabels(one.labels, names)
    const key = keyOf(labels)
    const group = groups.get(key)
    if (group) group.members.push(one)
    else groups.set(key, { labels, members: [one] })
  }
  return groups.values()
}

async function summedUp(
  { times, budget }: Evaluation,
  { labels, members }: Group,
  sumUp: (typeof aggregations)[keyof typeof aggregations],
  parameters: Float64Array | undefined,
): Promise<Series> {
  const result = emptySeries(labels, times.length, budget)
  const here = new Float64Array(members.length)
  for (let step = 0; step < times.length; step++) {
    let count = 0
    for (const { present, values } of members) if (present[step] === 1) here[count++] = values[step] as number
    if (count > 0) setValue(result, step, sumUp(here, count, parameters?.[step] ?? 0))
    const pause = budget.spend(members.length)
    if (pause) await pause
  }
  return result
}

/** The k members with the highest (or lowest) values per step, NaN last; with one step they come in that order. */
async function outermost({ times, budget }: Evaluation, { members }: Group, parameters: Float64Array, highest: boolean): Promise<Series[]> {
  const chosen = members.map(({ labels, values }) => ({ labels, values, present: new Uint8Array(times.length) }))
  budget.values(members.length * times.length)
  let order: number[] = []
  for (let step = 0; step < times.length; step++) {
    const k = Math.trunc(parameters[step] as number)
    if (!Number.isSafeInteger(k)) throw new NotEvaluated(`topk and bottomk take a whole number, not ${parameters[step]}`)
    const valueOf = (member: number) => members[member]?.values[step] as number
    order = [...members.keys()].filter((member) => members[member]?.present[step] === 1)
    order.sort((a, b) => inOrder(valueOf(a), valueOf(b)) * (highest ? -1 : 1) || nanLast(valueOf(a), valueOf(b)))
    for (const member of order.slice(0, Math.max(0, k))) (chosen[member] as Series).present[step] = 1
    const pause = budget.spend(members.length * 10)
    if (pause) await pause
  }
  const ordered = times.length === 1 ? order.map((member) => chosen[member] as Series) : chosen
  return ordered.filter((series) => !isEmpty(series))
}

const inOrder = (a: number, b: number) => (a < b ? -1 : a > b ? 1 : 0)
const nanLast = (a: number, b: number) => Number(Number.isNaN(a)) - Number(Number.isNaN(b))
