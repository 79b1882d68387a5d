// Functions over range vectors: series by series, from the samples themselves or, where that is exact and quicker, from the store's buckets.
import { windowsOf, type Evaluation } from './evaluation.ts'
import { bucketFunctions, foldWindows, suitsBuckets } from './bucketed.ts'
import { windowFunctions } from './functions/window-functions.ts'
import { withoutName } from './labels.ts'
import { eachWindow } from './rows.ts'
import { emptyFor, forAllSteps } from './selectors.ts'
import type { RangeSelector } from './syntax.ts'
import { isEmpty, joined, setValue, type Series } from './values.ts'

/** `parameter` holds, per step, the number that some functions take: it may differ even where the window stays. */
export async function overWindows(
  evaluation: Evaluation,
  name: keyof typeof windowFunctions,
  { selector, windowUs }: RangeSelector,
  parameter: Float64Array | undefined,
): Promise<Series[]> {
  const { least, at, keepsName = false } = windowFunctions[name] as (typeof windowFunctions)[string]
  const { times } = evaluation
  const windows = windowsOf(evaluation, selector, windowUs, parameter !== undefined)
  const bucketed = bucketFunctions[name]
  const found: Series[] = []
  for (const { path, labels } of await evaluation.catalog.select(selector.matchers, evaluation.budget)) {
    const series = emptyFor(evaluation, windows, keepsName ? labels : withoutName(labels))
    if (bucketed && suitsBuckets(windows))
      await foldWindows(evaluation, path, windows, (fold, step) => setValue(series, step, bucketed(fold)))
    else
      await eachWindow(evaluation, path, windows, false, (window, step) => {
        if (window.end - window.first >= least) setValue(series, step, at(window, parameter?.[step] ?? 0, times[step] as number))
      })
    if (!isEmpty(series)) found.push(forAllSteps(evaluation, windows, series))
  }
  return joined(found)
}
