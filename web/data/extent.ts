// From when to when there are samples of some tags at all: the first and the newest of them.
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { fetchSamples } from './queries.ts'

/** Of more tags the first so many are asked. */
const tagsMax = 8
const refetchMs = 60_000

/** Milliseconds; null where there is no sample. */
export function extentQuery(tags: readonly string[]) {
  return queryOptions({
    queryKey: ['extent', tags],
    queryFn: async (): Promise<{ from: number; to: number } | null> => {
      const asked = tags
        .slice(0, tagsMax)
        .flatMap((tag) => (['asc', 'desc'] as const).map((order) => fetchSamples(tag, { order, limit: 1 })))
      const times = (await Promise.all(asked)).flatMap(({ samples }) => samples.map(({ time }) => Date.parse(time)))
      return times.length > 0 ? { from: Math.min(...times), to: Math.max(...times) + 1 } : null
    },
    enabled: tags.length > 0,
    placeholderData: keepPreviousData,
    staleTime: refetchMs,
    refetchInterval: refetchMs,
  })
}
