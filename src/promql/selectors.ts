// Instant vectors from the store: per step the newest sample within the look-back, unless the series has ended there.
import { lookbackUs, windowsOf, type Evaluation } from './evaluation.ts'
import type { Labels } from './labels.ts'
import { eachWindow, type Window, type Windows } from './rows.ts'
import type { Selector } from './syntax.ts'
import { emptySeries, isEmpty, setValue, type Series } from './values.ts'

/** The newest value itself. */
export const instantVector = (evaluation: Evaluation, selector: Selector) =>
  newestSamples(evaluation, selector, ({ rows, end }) => rows.value[end - 1] as number)

/** The time of the newest sample, in seconds since 1970. */
export const instantTimes = (evaluation: Evaluation, selector: Selector) =>
  newestSamples(evaluation, selector, ({ rows, end }) => (rows.time[end - 1] as number) / 1e6)

async function newestSamples(evaluation: Evaluation, selector: Selector, valueOf: (window: Window) => number): Promise<Series[]> {
  const windows = windowsOf(evaluation, selector, lookbackUs)
  const found: Series[] = []
  for (const { path, labels } of await evaluation.catalog.select(selector.matchers, evaluation.budget)) {
    const series = emptyFor(evaluation, windows, labels)
    await eachWindow(evaluation, path, windows, true, (window, step) => {
      if (window.end > window.first && !Number.isNaN(window.rows.value[window.end - 1])) setValue(series, step, valueOf(window))
    })
    if (!isEmpty(series)) found.push(forAllSteps(evaluation, windows, series))
  }
  return found
}

export const emptyFor = ({ budget }: Evaluation, { ends }: Windows, labels: Labels): Series => emptySeries(labels, ends.length, budget)

/** What was found for one fixed time holds for every step. */
export function forAllSteps({ times, budget }: Evaluation, { ends }: Windows, series: Series): Series {
  if (ends.length === times.length) return series
  const all = emptySeries(series.labels, times.length, budget)
  all.values.fill(series.values[0] as number)
  all.present.fill(series.present[0] as number)
  return all
}
