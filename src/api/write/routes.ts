// InfluxDB's way in, versions 1 and 2, as Telegraf and the Influx clients speak it: line protocol, and what they ask besides.
// How lines become tags: docs/specs/line-protocol.md.
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { Rejected } from '#core/errors.ts'
import type { LineReceipt } from '#core/ingest.ts'
import { leaveUnread, unread } from '#api/bodies.ts'
import type { ApiScope, EntranceContext } from '#api/context.ts'
import { beginAnswer, problemOf } from '#api/errors.ts'
import { statementSchema, writeQuerySchema } from './schema.ts'

/** Largest body of lines. */
const bodyBytesMax = 32 << 20
/** Most faults that an answer names. */
const faultsNamedMax = 5
/** The version of InfluxDB whose ways these are. */
const influxVersion = '1.8.10'

const faultV1 = z.object({ error: z.string() })
const faultV2 = z.object({ code: z.string(), message: z.string() })
/** InfluxDB 2 has a name for each status. */
const codes: Record<number, string> = {
  400: 'invalid',
  413: 'request too large',
  415: 'invalid',
  429: 'too many requests',
  503: 'unavailable',
}

export async function writeRoutes(api: ApiScope, { version, clock, lines, bodies }: EntranceContext): Promise<void> {
  // Clients send lines under any content type, or none.
  api.removeAllContentTypeParsers()
  api.addContentTypeParser('*', leaveUnread)
  api.setErrorHandler(answerAsInflux)
  api.addHook('onRequest', async (_, reply) => void reply.header('x-influxdb-version', `${influxVersion}-millwright-${version}`))

  const write = (url: string, summary: string, fault: z.ZodType) =>
    api.post(
      url,
      {
        schema: {
          summary,
          description:
            'Line protocol, also packed (`content-encoding: gzip`). The good lines of a body with faults are stored, and the answer is 400 with the ' +
            'line, the reason and the mend.',
          consumes: ['text/plain'],
          body: z.any().meta({ type: 'string' }),
          querystring: writeQuerySchema,
          response: { 204: z.null(), 400: fault, 413: fault, 429: fault, 503: fault },
        },
      },
      async (request, reply) => {
        if (request.body === unread) {
          const times = { unitUs: request.query.precision, arrival: clock.now() }
          refuseFaults(await bodies.lend(request, bodyBytesMax, (body) => lines(body, times)))
        }
        return reply.code(204).send(null)
      },
    )
  write('/write', 'Stores samples as InfluxDB 1 takes them', faultV1)
  write('/api/v2/write', 'Stores samples as InfluxDB 2 takes them', faultV2)

  const hidden = { schema: { hide: true } }
  api.route({ method: ['GET', 'HEAD', 'POST'], url: '/ping', ...hidden, handler: async (_, reply) => reply.code(204).send() })
  api.get('/health', hidden, async () => ({ name: 'influxdb', status: 'pass', message: 'ready for writes', checks: [], version }))
  api.route({
    method: ['GET', 'POST'],
    url: '/query',
    schema: { hide: true, querystring: statementSchema },
    handler: async (request) => {
      const inBody = request.body === unread ? await bodies.lend(request, bodyBytesMax, async (body) => statementIn(body)) : undefined
      return answerStatement(request.query.q ?? inBody ?? '')
    },
  })
}

/** What clients send before they write: there is nothing to create, and nothing to choose from. */
function answerStatement(statement: string): unknown {
  if (/^\s*CREATE\s+DATABASE\b/i.test(statement)) return { results: [{ statement_id: 0 }] }
  if (/^\s*SHOW\s+DATABASES\b/i.test(statement))
    return { results: [{ statement_id: 0, series: [{ name: 'databases', columns: ['name'], values: [] }] }] }
  throw new Rejected('InfluxQL is not answered here, but for CREATE DATABASE; ask /api/v1/samples or /api/v1/buckets, see /docs')
}

const statementIn = (body: Buffer) => new URLSearchParams(body.toString()).get('q') ?? undefined

/** As InfluxDB says it: clients look for `partial write`, `unable to parse` and `points beyond retention policy`, and do not repeat these. */
function refuseFaults({ stored, duplicates, expired, refused, faults }: LineReceipt): void {
  const named = faults.slice(0, faultsNamedMax).map(({ line, reason }) => `line ${line}: ${reason}`)
  if (refused > named.length) named.push(`and ${refused - named.length} more`)
  if (expired > 0) named.push(`points beyond retention policy dropped=${expired}`)
  if (named.length === 0) return
  throw new Rejected(`${stored + duplicates > 0 || refused === 0 ? 'partial write' : 'unable to parse'}: ${named.join('; ')}`)
}

function answerAsInflux(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const { status, message } = beginAnswer(problemOf(error, request), reply)
  reply.send(request.url.startsWith('/api/v2/') ? { code: codes[status] ?? 'internal error', message } : { error: message })
}
