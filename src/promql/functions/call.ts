// Calls a function: those over windows and those value by value are in tables; the few others are here.
import type { Evaluation } from '#promql/evaluation.ts'
import { withoutName } from '#promql/labels.ts'
import { instantTimes } from '#promql/selectors.ts'
import type { Call, Expression, RangeSelector } from '#promql/syntax.ts'
import { emptySeries, isEmpty, joined, setValue, type Series, type Value } from '#promql/values.ts'
import { overWindows } from '#promql/window-series.ts'
import { absentSeries } from './absent.ts'
import { labelJoin, labelReplace } from './label-functions.ts'
import { sampleFunctions } from './sample-functions.ts'
import { windowFunctions } from './window-functions.ts'

export async function callFunction(evaluation: Evaluation, call: Call): Promise<Value> {
  const { name, parameters } = call
  if (Object.hasOwn(windowFunctions, name)) return vector(await callOverWindows(evaluation, name, parameters))
  if (Object.hasOwn(sampleFunctions, name)) return vector(await callOnSamples(evaluation, name, parameters))
  return (others[name] as (typeof others)[string])(evaluation, parameters)
}

const vector = (series: readonly Series[]): Value => ({ type: 'vector', series })

async function callOverWindows(evaluation: Evaluation, name: string, parameters: readonly Expression[]): Promise<Series[]> {
  const range = parameters.find(({ kind }) => kind === 'range') as RangeSelector
  const number = parameters.find(({ kind }) => kind !== 'range')
  return overWindows(evaluation, name, range, number && (await numbersOf(evaluation, number)))
}

async function callOnSamples(evaluation: Evaluation, name: string, parameters: readonly Expression[]): Promise<Series[]> {
  const { at } = sampleFunctions[name] as (typeof sampleFunctions)[string]
  const { times, budget } = evaluation
  const [given, ...numbers] = parameters
  const series = given ? await seriesOf(evaluation, given) : [timeSeries(evaluation)]
  const [first, second] = [numbers[0] && (await numbersOf(evaluation, numbers[0])), numbers[1] && (await numbersOf(evaluation, numbers[1]))]
  const results: Series[] = []
  for (const { labels, values, present } of series) {
    const result = emptySeries(withoutName(labels), times.length, budget)
    for (let step = 0; step < times.length; step++) {
      const value = present[step] === 1 ? at(values[step] as number, first?.[step] as number, second?.[step] as number) : undefined
      if (value !== undefined) setValue(result, step, value)
    }
    if (!isEmpty(result)) results.push(result)
    const pause = budget.spend(times.length)
    if (pause) await pause
  }
  return joined(results)
}

const others: Record<string, (evaluation: Evaluation, parameters: readonly Expression[]) => Promise<Value>> = {
  time: async ({ times }) => ({ type: 'scalar', values: times.map((time) => time / 1e6) }),
  pi: async ({ times }) => ({ type: 'scalar', values: new Float64Array(times.length).fill(Math.PI) }),
  scalar: async (evaluation, [given]) => ({ type: 'scalar', values: onlyValues(evaluation, await seriesOf(evaluation, given)) }),
  vector: async (evaluation, [given]) => vector([everywhere(await numbersOf(evaluation, given))]),
  timestamp: async (evaluation, [given]) => vector(await timesOf(evaluation, given)),
  absent: async (evaluation, [given]) => vector(absentSeries(evaluation, given, await seriesOf(evaluation, given))),
  absent_over_time: async (evaluation, [given]) => {
    const range = given as RangeSelector
    return vector(absentSeries(evaluation, range.selector, await overWindows(evaluation, 'last_over_time', range, undefined)))
  },
  sort: async (evaluation, [given]) => vector(sorted(evaluation, await seriesOf(evaluation, given), 1)),
  sort_desc: async (evaluation, [given]) => vector(sorted(evaluation, await seriesOf(evaluation, given), -1)),
  label_replace: async (evaluation, [given, ...texts]) =>
    vector(await labelReplace(evaluation, await seriesOf(evaluation, given), textsOf(texts))),
  label_join: async (evaluation, [given, ...texts]) => vector(labelJoin(await seriesOf(evaluation, given), textsOf(texts))),
}

/** The parser has checked every parameter's type. */
async function seriesOf(evaluation: Evaluation, expression: Expression | undefined): Promise<readonly Series[]> {
  const value = expression && (await evaluation.evaluate(expression))
  return value?.type === 'vector' ? value.series : []
}

async function numbersOf(evaluation: Evaluation, expression: Expression | undefined): Promise<Float64Array> {
  const value = expression && (await evaluation.evaluate(expression))
  return value?.type === 'scalar' ? value.values : new Float64Array(evaluation.times.length)
}

const textsOf = (expressions: readonly Expression[]) => expressions.map((expression) => (expression.kind === 'text' ? expression.text : ''))

const everywhere = (values: Float64Array): Series => ({ labels: new Map(), values, present: new Uint8Array(values.length).fill(1) })

const timeSeries = ({ times }: Evaluation) => everywhere(times.map((time) => time / 1e6))

/** The value of the only series there is at a step, NaN where there is none or more. */
function onlyValues({ times }: Evaluation, series: readonly Series[]): Float64Array {
  const seen = new Uint8Array(times.length)
  const only = new Float64Array(times.length).fill(Number.NaN)
  for (const { values, present } of series)
    for (let step = 0; step < times.length; step++) {
      if (present[step] !== 1) continue
      only[step] = seen[step] === 0 ? (values[step] as number) : Number.NaN
      seen[step] = 1
    }
  return only
}

/** Of a selector the times of its samples, of anything computed the times of the steps. */
async function timesOf(evaluation: Evaluation, given: Expression | undefined): Promise<Series[]> {
  const { values } = timeSeries(evaluation)
  const series =
    given?.kind === 'selector'
      ? await instantTimes(evaluation, given)
      : (await seriesOf(evaluation, given)).map((one) => ({ ...one, values }))
  return joined(series.map((one) => ({ ...one, labels: withoutName(one.labels) })))
}

/** NaN last. Over several steps there is no order by value. */
function sorted({ times }: Evaluation, series: readonly Series[], direction: 1 | -1): readonly Series[] {
  if (times.length > 1) return series
  const rank = ({ values }: Series) => (Number.isNaN(values[0]) ? Infinity : (values[0] as number) * direction)
  return series.toSorted((a, b) => Number(Number.isNaN(a.values[0])) - Number(Number.isNaN(b.values[0])) || rank(a) - rank(b) || 0)
}
