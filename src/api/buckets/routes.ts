import { equalEdges } from '#core/bucket-edges.ts'
import { edgesOf, intervalsOf, utcCalendar, type Intervals } from '#core/calendar.ts'
import { Rejected } from '#core/errors.ts'
import type { BucketColumns } from '#core/store.ts'
import { formatTime } from '#core/time.ts'
import type { ApiContext, ApiScope } from '#api/context.ts'
import { NotFound } from '#api/errors.ts'
import { errorSchema } from '#api/schema.ts'
import { bucketEnds } from './ends.ts'
import { bucketsDefault, bucketsMax, bucketsQuerySchema, bucketsSchema } from './schema.ts'

export function bucketRoutes(api: ApiScope, { directory, store, calendar = utcCalendar }: ApiContext): void {
  api.get(
    '/buckets',
    {
      schema: {
        summary: 'Count, minimum, maximum, sum, mean, standard deviation, mean over time, first and last value per interval',
        querystring: bucketsQuerySchema,
        response: { 200: bucketsSchema, 400: errorSchema, 404: errorSchema },
      },
    },
    async ({ query: { tag: paths, from, to, buckets, every, zone } }) => {
      if (to <= from) throw new Rejected('"to" must be after "from"')
      if (buckets !== undefined && every !== undefined)
        throw new Rejected('"buckets" is how many equal intervals, "every" how long each is; leave one out')
      if (zone !== undefined && every === undefined) throw new Rejected('"zone" is for "every", such as every=day; leave it out')
      for (const path of paths) if (!directory.tag(path)) throw new NotFound(`there is no tag "${path}"; GET /api/v1/tags lists them`)
      if (every === undefined) return (await store.buckets(paths, equalEdges(from, to, buckets ?? bucketsDefault))).map(answerOf)
      const intervals = intervalsOf(every, calendar, zone)
      const edges = edgesOf(intervals, from, to, bucketsMax)
      return (await store.buckets(paths, edges)).map((columns) => ({ ...answerOf(columns), ...endsAndShifts(columns, edges, intervals) }))
    },
  )
}

function answerOf({ tag, time, ...numbers }: BucketColumns) {
  return { tag, time: Array.from(time, formatTime), ...arraysOf(numbers) }
}

function endsAndShifts({ time }: BucketColumns, edges: Float64Array, { shiftAt }: Intervals) {
  const end = Array.from(bucketEnds(edges, time), formatTime)
  return shiftAt ? { end, shift: Array.from(time, shiftAt) } : { end }
}

type Columns = Omit<BucketColumns, 'tag' | 'time'>

const arraysOf = (columns: Columns) =>
  Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, [...column]])) as Record<keyof Columns, number[]>
