// Batch frames over HTTP: the way in for those who send much. The layout of a frame: docs/specs/batch.md.
import { crc32 } from 'node:zlib'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { Rejected } from '#core/errors.ts'
import { decodeFrame, frameBytesMax, splitFrames } from '#core/frame.ts'
import type { Delivery, Origin } from '#core/store.ts'
import { Turn } from '#core/turn.ts'
import { leaveUnread } from '#api/bodies.ts'
import type { ApiScope, EntranceContext } from '#api/context.ts'
import { NotTaken } from '#api/errors.ts'
import { errorSchema } from '#api/schema.ts'
import { batchHeadersSchema, batchResultSchema, batchType, rejectedMax } from './schema.ts'

export function batchRoutes(api: ApiScope, { accept, bodies }: EntranceContext): void {
  void api.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', leaveUnread)
    scope.withTypeProvider<ZodTypeProvider>().post(
      '/batches',
      {
        schema: {
          summary: 'Stores batch frames, one or more back to back; answers after the durable commit',
          description:
            'A frame is laid out as docs/specs/batch.md says; the body may be packed (`content-encoding: zstd` or `gzip`). All frames are ' +
            'stored or, when one is damaged, none. A row that cannot be stored is refused by itself. Sending the same again changes nothing.',
          consumes: [batchType],
          body: z.any().meta({ type: 'string', format: 'binary' }),
          headers: batchHeadersSchema,
          response: {
            200: batchResultSchema,
            400: errorSchema,
            413: errorSchema,
            415: errorSchema,
            429: errorSchema,
            503: errorSchema,
          },
        },
      },
      async (request) => {
        if (request.mediaType !== batchType) throw new NotTaken(`batch frames come as ${batchType}; say so in the content-type`)
        const origin = originOf(request.headers)
        const { refused, refusals, ...result } = await bodies.lend(request, frameBytesMax, async (body) =>
          accept(await decodeAll(body, origin), 'frame'),
        )
        return { ...result, rejectedCount: refused, rejected: refusals.slice(0, rejectedMax) }
      },
    )
  })
}

/** The origin of the first frame. Gateways' outboxes are named with a slash, so that nobody here takes their place. */
function originOf(headers: z.infer<typeof batchHeadersSchema>): Origin | undefined {
  const { 'millwright-source': source, 'millwright-sequence': sequence } = headers
  if (source === undefined && sequence === undefined) return undefined
  if (source === undefined || sequence === undefined)
    throw new Rejected('the headers millwright-source and millwright-sequence come together: send both, or neither')
  return { source: `batches:${source}`, sequence }
}

async function decodeAll(body: Uint8Array, origin: Origin | undefined): Promise<Delivery[]> {
  const deliveries: Delivery[] = []
  const turn = new Turn()
  for (const [index, frame] of splitFrames(body).entries()) {
    deliveries.push({ frame, batch: decode(frame, index), origin: origin && { ...origin, sequence: origin.sequence + index } })
    if (turn.isOver) await turn.next()
  }
  return deliveries
}

function decode(frame: Uint8Array, index: number): Delivery['batch'] {
  try {
    return decodeFrame(frame, crc32)
  } catch (error) {
    if (error instanceof Rejected && index > 0) throw new Rejected(`frame ${index} of the body, counted from 0: ${error.message}`)
    throw error
  }
}
