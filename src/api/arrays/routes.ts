import type { FastifyRequest } from 'fastify'
import { qualityName } from '#core/quality.ts'
import { formatTime, futureToleranceUs } from '#core/time.ts'
import type { ApiContext, ApiScope } from '#api/context.ts'
import { NotFound } from '#api/errors.ts'
import { errorSchema } from '#api/schema.ts'
import { arrayAtQuerySchema, arrayAtSchema, arraysQuerySchema, arraysSchema } from './schema.ts'

export function arrayRoutes(api: ApiScope, { directory, store, clock }: ApiContext): void {
  const end = () => clock.now() + futureToleranceUs + 1
  const arrayTag = (path: string) => {
    if (directory.tag(path)?.kind !== 'array')
      throw new NotFound(`there is no array tag "${path}"; GET /api/v1/tags lists tags with their kinds`)
    return path
  }

  api.get(
    '/arrays',
    {
      schema: {
        summary: 'Times and statistics of array samples with from ≤ time < to',
        querystring: arraysQuerySchema,
        response: { 200: arraysSchema, 404: errorSchema },
      },
    },
    async ({ query: { tag, from = 0, to = end(), limit } }) => {
      const frames = await store.arrays(arrayTag(tag), from, to, limit)
      const newest = frames.at(-1)
      const shape = newest && (await store.arrayAt(tag, newest.time))?.shape
      return {
        tag,
        shape: shape ? [...shape] : null,
        frames: frames.map(({ time, min, max, mean, std }) => ({ time: formatTime(time), min, max, mean, std })),
      }
    },
  )

  api.get(
    '/arrays/at',
    {
      schema: {
        summary: 'One array sample: the newest at or before a time',
        querystring: arrayAtQuerySchema,
        response: { 200: arrayAtSchema, 404: errorSchema },
      },
    },
    async (request, reply) => {
      const { tag, time, format } = request.query
      const frame = await store.arrayAt(arrayTag(tag), time === 'latest' ? end() : time)
      if (!frame) throw new NotFound(`"${tag}" has no array sample at or before that time`)
      const { shape, data, quality } = frame
      if (format !== 'binary' && !(format === undefined && wantsBinary(request)))
        return { tag, time: formatTime(frame.time), quality: qualityName(quality), shape: [...shape], data: Array.from(data) }
      reply
        .header('millwright-shape', shape.join('x'))
        .header('millwright-time', formatTime(frame.time))
        .header('millwright-quality', qualityName(quality))
        .type('application/octet-stream')
      return reply.send(Buffer.from(data.buffer, data.byteOffset, data.byteLength) as never)
    },
  )
}

function wantsBinary(request: FastifyRequest): boolean {
  return request.headers.accept?.includes('application/octet-stream') ?? false
}
