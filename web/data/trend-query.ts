// The data of a trend chart: buckets over the range, as many as it has pixels; the live range goes on with live values.
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { fetchBuckets } from './queries.ts'
import { boundsOf, presets, type TimeRange } from './time-range.ts'
import { toSeries, type TrendSeries } from './trend-series.ts'

export interface Trend {
  /** Milliseconds. */
  readonly from: number
  readonly to: number
  readonly bucketMs: number
  /** In the order of the tags asked for. */
  readonly series: readonly TrendSeries[]
}

export const isLive = (range: TimeRange) => 'preset' in range && range.preset === 'live'

/** `generation`: of the live connection; a new one has a hole that the buckets fill. */
export function trendQuery(tags: readonly string[], range: TimeRange, buckets: number, generation: number) {
  const refetchMs = 'preset' in range ? presets[range.preset].refetchMs : 0
  return queryOptions({
    queryKey: ['trend', tags, range, buckets, isLive(range) ? generation : 0],
    queryFn: async ({ signal }): Promise<Trend> => {
      const { from, to } = boundsOf(range, Date.now())
      const answer = await fetchBuckets(tags, from, to, buckets, signal)
      return { from, to, bucketMs: (to - from) / buckets, series: toSeries(answer) }
    },
    enabled: tags.length > 0 && buckets > 0,
    placeholderData: keepPreviousData,
    structuralSharing: false,
    refetchInterval: refetchMs || false,
    staleTime: isLive(range) ? Number.POSITIVE_INFINITY : refetchMs,
    // What was live is old as soon as nobody keeps it up.
    gcTime: isLive(range) ? 0 : 60_000,
  })
}
