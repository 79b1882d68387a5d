// PromQL over a plant's telemetry: asks the parser, evaluates, and brings what comes out into the form of an answer.
import type { Clock } from '#core/clock.ts'
import type { Directory } from '#core/directory.ts'
import { Rejected } from '#core/errors.ts'
import type { Store } from '#core/store.ts'
import type { Micros } from '#core/time.ts'
import { Budget } from './budget.ts'
import { createCatalog, type TagSeries } from './catalog.ts'
import { typeOf } from './check.ts'
import { evaluate } from './evaluate.ts'
import { windowsOf, type Evaluation } from './evaluation.ts'
import { NotEvaluated } from './failure.ts'
import { createGate } from './gate.ts'
import { keyOf, type Labels } from './labels.ts'
import { limits as limitsDefault, type Limits } from './limits.ts'
import { parse, parseSeriesSelector } from './parse.ts'
import { eachWindow } from './rows.ts'
import type { Expression, RangeSelector } from './syntax.ts'
import { joined, type Series } from './values.ts'

export interface QueryOptions {
  readonly timeoutMs?: number | undefined
  /** Aborted when nobody waits for the answer any more. */
  readonly signal?: AbortSignal | undefined
}

/** A series with those points that have a value. */
export interface Points {
  readonly labels: Labels
  readonly time: Float64Array
  readonly value: Float64Array
}

export type Answer =
  | { readonly type: 'scalar'; readonly time: Micros; readonly value: number }
  | { readonly type: 'string'; readonly time: Micros; readonly text: string }
  | { readonly type: 'vector' | 'matrix'; readonly series: readonly Points[] }

export interface Queries {
  /** The value of an expression at one time. */
  instant(query: string, time: Micros, options?: QueryOptions): Promise<Answer>
  /** Its values at start, start + step … up to and including end. */
  range(query: string, range: { start: Micros; end: Micros; stepUs: number }, options?: QueryOptions): Promise<Answer>
  /** The series that any of the selectors finds, all without a selector; only those with samples at or after `since`. Throws for too many. */
  series(selectors: readonly string[], since: Micros, seriesMax?: number): Promise<TagSeries[]>
}

interface Parts {
  readonly store: Pick<Store, 'tags' | 'latest' | 'read' | 'buckets'>
  readonly directory: Pick<Directory, 'tag' | 'machine'>
  readonly clock: Clock
  readonly limits?: Limits
}

/**
 * What is not answered throws `Rejected`: as such for what the text shows, as `NotEvaluated` or `TookTooLong` otherwise. Where too many wait
 * already it is `RetryLater`.
 */
export function createQueries({ store, directory, clock, limits = limitsDefault }: Parts): Queries {
  const catalog = createCatalog(store, directory)
  const gate = createGate(limits.queriesMax, limits.waitingMax)

  function evaluationOf(times: Float64Array, end: Micros, budget: Budget): Evaluation {
    const evaluation: Evaluation = { store, catalog, budget, times, end, evaluate: (expression) => evaluate(evaluation, expression) }
    return evaluation
  }
  function run<Result>(options: QueryOptions, act: (budget: Budget) => Promise<Result>): Promise<Result> {
    const budget = new Budget(limits, clock, options)
    return gate(() => {
      budget.check()
      return act(budget)
    })
  }

  return {
    instant: (query, time, options = {}) =>
      run(options, async (budget) => {
        const expression = parse(query)
        const evaluation = evaluationOf(Float64Array.of(time), time, budget)
        if (expression.kind === 'range') return { type: 'matrix', series: await samplesOf(evaluation, expression) }
        const value = await evaluation.evaluate(expression)
        if (value.type === 'string') return { type: 'string', time, text: value.text }
        if (value.type === 'scalar') return { type: 'scalar', time, value: value.values[0] as number }
        return { type: 'vector', series: await pointsOf(evaluation, joined(value.series)) }
      }),

    range: (query, { start, end, stepUs }, options = {}) =>
      run(options, async (budget) => {
        const expression = rangeable(parse(query))
        const evaluation = evaluationOf(stepTimes(start, end, stepUs, limits.pointsPerSeriesMax), end, budget)
        const { times } = evaluation
        const value = await evaluation.evaluate(expression)
        if (value.type === 'scalar') return { type: 'matrix', series: [{ labels: new Map(), time: times, value: value.values }] }
        const series = value.type === 'vector' ? joined(value.series) : []
        return { type: 'matrix', series: await pointsOf(evaluation, inOrder(series)) }
      }),

    series: (selectors, since, seriesMax) =>
      run({}, async (budget) => {
        const found = new Map<string, TagSeries>()
        const matchers = selectors.length === 0 ? [[]] : selectors.map((text) => parseSeriesSelector(text).matchers)
        for (const wanted of matchers) for (const series of await catalog.select(wanted, budget, seriesMax)) found.set(series.path, series)
        return [...found.values()].filter(({ path }) => (store.latest(path)?.time ?? -1) >= since)
      }),
  }
}

function rangeable(expression: Expression): Expression {
  const type = typeOf(expression)
  if (type === 'scalar' || type === 'vector') return expression
  throw new Rejected(`a query over a range gives numbers or instant vectors; this gives a ${type === 'string' ? 'text' : 'range vector'}`)
}

function stepTimes(start: Micros, end: Micros, stepUs: number, pointsMax: number): Float64Array {
  if (end < start) throw new Rejected('the end is before the start')
  if (!(stepUs > 0)) throw new Rejected('the step must be longer than 0')
  const count = Math.floor((end - start) / stepUs) + 1
  if (count > pointsMax)
    throw new NotEvaluated(`a series would have ${count} points, at most ${pointsMax} are possible; ask for a longer step`)
  return Float64Array.from({ length: count }, (_, step) => start + step * stepUs)
}

/** A range vector by itself: its samples as they are. */
async function samplesOf(evaluation: Evaluation, { selector, windowUs }: RangeSelector): Promise<Points[]> {
  const windows = windowsOf(evaluation, selector, windowUs)
  const found: Points[] = []
  for (const { path, labels } of await evaluation.catalog.select(selector.matchers, evaluation.budget))
    await eachWindow(evaluation, path, windows, false, ({ rows: { time, value }, first, end }) => {
      evaluation.budget.values(end - first)
      if (end > first) found.push({ labels, time: time.slice(first, end), value: value.slice(first, end) })
    })
  return found
}

async function pointsOf({ times, budget }: Evaluation, series: readonly Series[]): Promise<Points[]> {
  const points: Points[] = []
  for (const { labels, values, present } of series) {
    const isPresent = (_: number, step: number) => present[step] === 1
    points.push({ labels, time: times.filter(isPresent), value: values.filter(isPresent) })
    const pause = budget.spend(times.length)
    if (pause) await pause
  }
  return points
}

function inOrder(series: readonly Series[]): Series[] {
  const keys = new Map(series.map((one) => [one, keyOf(one.labels)]))
  return series.toSorted((a, b) => ((keys.get(a) as string) < (keys.get(b) as string) ? -1 : 1))
}
