import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { Rejected } from '#core/errors.ts'
import { qualityName } from '#core/quality.ts'
import type { SampleColumns } from '#core/store.ts'
import type { Kind } from '#core/tag.ts'
import { formatTime, futureToleranceUs, type Micros } from '#core/time.ts'
import { leaveUnread, unread } from '#api/bodies.ts'
import type { ApiContext, ApiScope, EntranceContext } from '#api/context.ts'
import { Malformed, NotFound } from '#api/errors.ts'
import { errorSchema, removedSchema, type SampleJson } from '#api/schema.ts'
import { readPosted, type PostedRows } from './posted.ts'
import {
  postedSampleSchema,
  postedSamplesMax,
  postResultSchema,
  samplesDeleteQuerySchema,
  samplesQuerySchema,
  samplesSchema,
} from './schema.ts'

/** Largest body of a post of samples. */
const bodyBytesMax = 16 << 20

export function sampleRoutes(api: ApiScope, { directory, store, clock }: ApiContext): void {
  api.get(
    '/samples',
    {
      schema: {
        summary: 'Samples of a tag with from ≤ time < to, page by page',
        querystring: samplesQuerySchema,
        response: { 200: samplesSchema, 404: errorSchema },
      },
    },
    async ({ query }) => {
      const { tag: path, limit, cursor, order } = query
      const tag = directory.tag(path)
      if (!tag) throw new NotFound(`there is no tag "${path}"; GET /api/v1/tags lists them`)
      const at = cursor === undefined ? undefined : cursorTime(cursor)
      const from = Math.max(query.from ?? 0, order === 'asc' ? (at ?? 0) : 0)
      const to = Math.min(query.to ?? clock.now() + futureToleranceUs + 1, order === 'desc' ? (at ?? Infinity) : Infinity)
      const columns = order === 'asc' ? await store.read(path, from, to, limit + 1) : await store.readBack(path, to, limit + 1)
      const valueOf = tag.kind === 'array' ? await shapesOf(path, columns) : (row: number) => plainValue(columns, row, tag.kind)
      const samples = samplesOf(columns, valueOf).filter((_, row) => (columns.time[row] as number) >= from)
      if (order === 'desc') samples.reverse()
      const more = samples.length > limit
      const last = order === 'asc' ? columns.time[limit] : (columns.time[columns.time.length - limit] ?? 0)
      return {
        tag: path,
        unit: tag.definition?.unit ?? null,
        samples: more ? samples.slice(0, limit) : samples,
        next: more ? String(last) : null,
      }
    },
  )

  /** An array's elements stay in the store: its value here is the shape, that of the newest; null where there is none. */
  async function shapesOf(path: string, { time }: SampleColumns): Promise<(row: number) => SampleJson['value']> {
    const [first, last] = [time.at(0) ?? 0, time.at(-1) ?? 0]
    const frames = new Set((await store.arrays(path, first, last + 1, time.length)).map((frame) => frame.time))
    const shape = (await store.arrayAt(path, last))?.shape
    return (row) => (shape && frames.has(time[row] as number) ? { shape: [...shape] } : null)
  }

  api.delete(
    '/samples',
    {
      schema: {
        summary: 'Deletes the samples of a tag with from ≤ time < to, for good',
        querystring: samplesDeleteQuerySchema,
        response: { 200: removedSchema, 400: errorSchema, 404: errorSchema },
      },
    },
    async ({ query: { tag, from, to } }) => {
      if (to <= from) throw new Rejected('"to" must be after "from"')
      if (!directory.tag(tag)) throw new NotFound(`there is no tag "${tag}"; GET /api/v1/tags lists them`)
      return { removed: await store.remove(tag, { from, to }) }
    },
  )
}

export function samplePostRoutes(api: ApiScope, { directory, clock, accept, bodies }: EntranceContext): void {
  /** Posts are read one after the other: what becomes of JSON while it is read is many times its size. */
  let reading: Promise<unknown> = Promise.resolve()
  function readInTurn(body: Buffer): Promise<PostedRows> {
    const posted = reading.then(() => readPosted(body, { arrival: clock.now(), kindOfTag: (path) => directory.tag(path)?.kind }))
    reading = posted.catch(() => {})
    return posted
  }

  // The body is read by its route: it may be packed, and shares the bound of all that bring telemetry.
  void api.register(async (scope) => {
    scope.removeContentTypeParser('application/json')
    scope.addContentTypeParser('application/json', leaveUnread)
    scope.withTypeProvider<ZodTypeProvider>().post(
      '/samples',
      {
        validatorCompiler: () => (data: unknown) => ({ value: data }),
        schema: {
          summary: 'Stores samples; answers after the durable commit',
          description:
            'Each sample is `{tag, time?, value, quality?}`. A bad one is refused by itself; an unknown tag, and its machine, is created.',
          body: z.array(postedSampleSchema).max(postedSamplesMax),
          response: { 200: postResultSchema, 400: errorSchema, 413: errorSchema, 429: errorSchema, 503: errorSchema },
        },
      },
      async (request) => {
        if ((request.body as unknown) !== unread) throw new Malformed('there is no body; post samples as application/json')
        return bodies.lend(request, bodyBytesMax, async (body) => {
          const posted = await readInTurn(body)
          const { refused, refusals } = await accept([{ batch: posted.batch }], 'json', posted.rejected.length)
          const rejected = [...posted.rejected, ...refusals.map(({ row, reason }) => ({ index: posted.indexOfRow[row] as number, reason }))]
          return { accepted: posted.count - refused, rejected: rejected.toSorted((a, b) => a.index - b.index) }
        })
      },
    )
  })
}

function samplesOf({ time, quality }: SampleColumns, valueOf: (row: number) => SampleJson['value']): SampleJson[] {
  return Array.from(time, (at, row) => ({
    time: formatTime(at),
    value: valueOf(row),
    quality: qualityName(quality[row] as number),
  }))
}

function plainValue({ value, texts }: SampleColumns, row: number, kind: Kind): SampleJson['value'] {
  const number = value[row] as number
  if (Number.isNaN(number)) return null
  return kind === 'boolean' ? number !== 0 : kind === 'text' ? (texts[number] ?? null) : number
}

function cursorTime(cursor: string): Micros {
  const time = Number(cursor)
  if (!/^\d{1,16}$/.test(cursor) || !Number.isSafeInteger(time))
    throw new Rejected(`"${cursor}" is no cursor; pass "next" of the answer before`)
  return time
}
