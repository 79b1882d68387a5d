import { equalEdges } from '#core/bucket-edges.ts'
import { Rejected } from '#core/errors.ts'
import type { BucketColumns } from '#core/store.ts'
import { formatTime } from '#core/time.ts'
import type { ApiContext, ApiScope } from '#api/context.ts'
import { NotFound } from '#api/errors.ts'
import { errorSchema } from '#api/schema.ts'
import { bucketsQuerySchema, bucketsSchema } from './schema.ts'

export function bucketRoutes(api: ApiScope, { directory, store }: ApiContext): void {
  api.get(
    '/buckets',
    {
      schema: {
        summary: 'Count, minimum, maximum, sum, mean, standard deviation, mean over time, first and last value per interval',
        querystring: bucketsQuerySchema,
        response: { 200: bucketsSchema, 400: errorSchema, 404: errorSchema },
      },
    },
    async ({ query: { tag: paths, from, to, buckets } }) => {
      if (to <= from) throw new Rejected('"to" must be after "from"')
      for (const path of paths) if (!directory.tag(path)) throw new NotFound(`there is no tag "${path}"; GET /api/v1/tags lists them`)
      const columns = await store.buckets(paths, equalEdges(from, to, buckets))
      return columns.map(({ tag, time, ...numbers }) => ({ tag, time: Array.from(time, formatTime), ...arraysOf(numbers) }))
    },
  )
}

type Columns = Omit<BucketColumns, 'tag' | 'time'>

const arraysOf = (columns: Columns) =>
  Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, [...column]])) as Record<keyof Columns, number[]>
