import { Rejected } from '#core/errors.ts'
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
        summary: 'Count, minimum, maximum, mean and last value per equal interval; as many as a chart has pixels',
        querystring: bucketsQuerySchema,
        response: { 200: bucketsSchema, 400: errorSchema, 404: errorSchema },
      },
    },
    async ({ query: { tag: paths, from, to, buckets } }) => {
      if (to <= from) throw new Rejected('"to" must be after "from"')
      for (const path of paths) if (!directory.tag(path)) throw new NotFound(`there is no tag "${path}"; GET /api/v1/tags lists them`)
      const columns = await store.buckets(paths, from, to, buckets)
      return columns.map(({ tag, time, count, min, max, mean, last }) => ({
        tag,
        time: time.map(formatTime),
        count: [...count],
        min: [...min],
        max: [...max],
        mean: [...mean],
        last: [...last],
      }))
    },
  )
}
