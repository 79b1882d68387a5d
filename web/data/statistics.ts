// Minimum, mean, maximum and count of tags over a range: one bucket each.
import { queryOptions, keepPreviousData } from '@tanstack/react-query'
import { fetchBuckets, tagsPerRequestMax } from './queries.ts'
import { boundsOf, presets, type TimeRange } from './time-range.ts'

export interface TagStatistics {
  readonly tag: string
  readonly count: number
  readonly min: number | undefined
  readonly mean: number | undefined
  readonly max: number | undefined
}

const liveRefetchMs = 3000

export function statisticsQuery(tags: readonly string[], range: TimeRange) {
  return queryOptions({
    queryKey: ['statistics', tags, range],
    queryFn: async ({ signal }): Promise<TagStatistics[]> => {
      const { from, to } = boundsOf(range, Date.now())
      const pages = Array.from({ length: Math.ceil(tags.length / tagsPerRequestMax) }, (_, page) =>
        fetchBuckets(tags.slice(page * tagsPerRequestMax, (page + 1) * tagsPerRequestMax), from, to, 1, signal),
      )
      return (await Promise.all(pages))
        .flat()
        .map(({ tag, count, min, mean, max }) => ({ tag, count: count[0] ?? 0, min: min[0], mean: mean[0], max: max[0] }))
    },
    enabled: tags.length > 0,
    placeholderData: keepPreviousData,
    refetchInterval: 'preset' in range ? presets[range.preset].refetchMs || liveRefetchMs : false,
  })
}
