// Short histories for sparklines: filled from buckets, many tags a request, then kept up by live values.
import type { SampleJson } from '#api/schema.ts'
import { fetchBuckets, tagsPerRequestMax } from './queries.ts'
import { live } from './live-socket.ts'
import { sparklineSpanMs } from './sparkline-span.ts'
import { appendPoint, toSeries, type TrendSeries } from './trend-series.ts'
import { qualityLevel } from './value-format.ts'

const bucketCount = 200
export const sparklineBucketMs = sparklineSpanMs / bucketCount
/** Live points nearer together than this are left out: a sparkline has about as many pixels. */
const pointDistanceMs = 1000
/** Tags asked for within this time share a request. */
const gatherMs = 60

const waiting = new Map<string, ((series: TrendSeries) => void)[]>()
let timer: ReturnType<typeof setTimeout> | undefined

async function fill(): Promise<void> {
  timer = undefined
  const asked = [...waiting]
  waiting.clear()
  const to = Date.now()
  for (let start = 0; start < asked.length; start += tagsPerRequestMax) {
    const page = asked.slice(start, start + tagsPerRequestMax)
    const answer = await fetchBuckets(
      page.map(([tag]) => tag),
      to - sparklineSpanMs,
      to,
      bucketCount,
    ).catch(() => [])
    const ready = new Map(page)
    // When the request failed the live values alone draw the line; the header says that the server is away.
    for (const series of toSeries(answer)) for (const act of ready.get(series.tag) ?? []) act(series)
  }
}

/** Calls `changed` whenever the history of a tag grows, first with what the server has; the returned function ends it. */
export function followHistory(tag: string, changed: (series: TrendSeries) => void): () => void {
  let series: TrendSeries = { tag, time: [], min: [], max: [], mean: [] }
  let ended = false
  const add = (sample: SampleJson | undefined) => {
    if (!sample || typeof sample.value === 'string' || typeof sample.value === 'object' || qualityLevel(sample.quality) === 'bad') return
    const time = Date.parse(sample.time)
    if (time < (series.time.at(-1) ?? 0) + pointDistanceMs) return
    if (appendPoint(series, time, Number(sample.value), Date.now() - sparklineSpanMs)) changed(series)
  }
  const stop = live.listen(tag, () => add(live.value(tag)))
  const ready = (filled: TrendSeries) => {
    if (ended) return
    series = filled
    add(live.value(tag))
    changed(series)
  }
  waiting.set(tag, [...(waiting.get(tag) ?? []), ready])
  timer ??= setTimeout(() => void fill(), gatherMs)
  return () => {
    ended = true
    stop()
    const left = waiting.get(tag)?.filter((act) => act !== ready)
    if (left?.length === 0) waiting.delete(tag)
    else if (left) waiting.set(tag, left)
  }
}
