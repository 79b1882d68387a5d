// absent(): 1 at the steps at which there is nothing, with the labels that can be told from the selector.
import type { Evaluation } from '#promql/evaluation.ts'
import { labelsOf, metricName, type Labels } from '#promql/labels.ts'
import type { Expression } from '#promql/syntax.ts'
import { anyPresent, emptySeries, isEmpty, setValue, type Series } from '#promql/values.ts'

export function absentSeries({ times, budget }: Evaluation, expression: Expression | undefined, series: readonly Series[]): Series[] {
  const absent = emptySeries(labelsOfSelector(expression), times.length, budget)
  anyPresent(series, times.length).forEach((there, step) => {
    if (there === 0) setValue(absent, step, 1)
  })
  return isEmpty(absent) ? [] : [absent]
}

/** Of labels that are asked for once, and for one value, that value. */
function labelsOfSelector(expression: Expression | undefined): Labels {
  if (expression?.kind !== 'selector') return new Map()
  const byName = Map.groupBy(expression.matchers, ({ name }) => name)
  byName.delete(metricName)
  return labelsOf(
    [...byName].flatMap(([name, [matcher, ...more]]) =>
      matcher?.operator === '=' && more.length === 0 ? [[name, matcher.value] as const] : [],
    ),
  )
}
