import { z } from 'zod'
import { BatchBuilder, kindOf, type Value } from '#core/batch.ts'
import { Rejected } from '#core/errors.ts'
import { tagPathFault } from '#core/path.ts'
import { qualityName, qualityOf } from '#core/quality.ts'
import type { SampleColumns } from '#core/store.ts'
import type { Kind } from '#core/tag.ts'
import { formatTime, futureToleranceUs, parseTime, type Micros } from '#core/time.ts'
import type { ApiContext, ApiScope } from '#api/context.ts'
import { NotFound } from '#api/errors.ts'
import { errorSchema, type SampleJson } from '#api/schema.ts'
import { postedSampleSchema, postedSamplesSchema, postResultSchema, samplesQuerySchema, samplesSchema } from './schema.ts'

/** Largest body of a post of samples. */
const bodyBytesMax = 16 << 20

export function sampleRoutes(api: ApiScope, { directory, store, clock, accept }: ApiContext): void {
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

  api.post(
    '/samples',
    {
      bodyLimit: bodyBytesMax,
      schema: {
        summary: 'Stores samples; answers after the durable commit',
        description:
          'Each sample is `{tag, time?, value, quality?}`. A bad one is refused by itself; an unknown tag, and its machine, is created.',
        body: postedSamplesSchema,
        response: { 200: postResultSchema, 400: errorSchema, 413: errorSchema },
      },
    },
    async ({ body }) => {
      const arrival = clock.now()
      const builder = new BatchBuilder(Math.max(16, body.length))
      const rejected: { index: number; reason: string }[] = []
      const indexOfRow: number[] = []
      body.forEach((posted, index) => {
        const reason = addPosted(builder, posted, arrival, (path) => directory.tag(path)?.kind)
        if (reason === undefined) indexOfRow.push(index)
        else rejected.push({ index, reason })
      })
      for (const { row, reason } of await accept(builder.build())) rejected.push({ index: indexOfRow[row] as number, reason })
      return { accepted: body.length - rejected.length, rejected: rejected.toSorted((a, b) => a.index - b.index) }
    },
  )
}

/** Adds one posted sample as a row, or says why not. */
function addPosted(
  builder: BatchBuilder,
  posted: unknown,
  arrival: Micros,
  kindOfTag: (path: string) => Kind | undefined,
): string | undefined {
  const parsed = postedSampleSchema.safeParse(posted)
  if (!parsed.success) return plainIssue(parsed.error, posted)
  const { tag, time: timeText, value: given, quality: qualityText = given === null ? 'bad' : 'good' } = parsed.data
  const time = timeText === undefined ? arrival : parseTime(timeText)
  if (time === undefined) return `"${timeText}" is no ISO 8601 time such as ${formatTime(arrival)}`
  const quality = qualityOf(qualityText)
  if (quality === undefined)
    return `unknown quality "${qualityText}"; write good, uncertain, bad or another name from docs/reference/qualities.md`
  const pathFault = tagPathFault(tag)
  if (pathFault) return pathFault
  const value: Value = given !== null && typeof given === 'object' ? { shape: given.shape, data: Float32Array.from(given.data) } : given
  const kind = value === null ? (kindOfTag(tag) ?? 'number') : kindOf(value)
  if (builder.kindOfTag(tag) !== undefined && builder.kindOfTag(tag) !== kind)
    return `tag "${tag}" is of kind ${builder.kindOfTag(tag)}, this value is of kind ${kind}`
  builder.addValue(tag, kind, time, value, quality)
  return undefined
}

function plainIssue(error: z.ZodError, posted: unknown): string {
  const [issue] = error.issues
  if (!issue) return 'not a sample'
  if (issue.path[0] === 'value' && typeof (posted as { value?: unknown }).value === 'number') return 'the value is infinite'
  if (issue.path[0] === 'value') return 'value must be a number, boolean, text, null or {shape, data}'
  return `${issue.path.length > 0 ? `${issue.path.join('.')}: ` : ''}${issue.message}`
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
