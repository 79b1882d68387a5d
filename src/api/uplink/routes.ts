// The server's end of gateways on other machines: each request proves by its token which gateway it comes from.
import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { Rejected } from '#core/errors.ts'
import { frameBytesMax } from '#core/frame.ts'
import { decodeFrameList, frameListType } from '#core/frame-list.ts'
import { gatewayDescriptionSchema, gatewayReportSchema, sendResultSchema } from '#core/uplink.ts'
import { leaveUnread, unread } from '#api/bodies.ts'
import type { ApiScope, EntranceContext } from '#api/context.ts'
import { errorSchema } from '#api/schema.ts'

const done = z.object({ ok: z.literal(true) })
const describeBytesMax = 16 << 20

export async function uplinkRoutes(api: ApiScope, { gatewayOfToken, uplinkOf, bodies }: EntranceContext): Promise<void> {
  api.decorateRequest('gateway', '')
  const gatewayOf = (request: FastifyRequest) => request.getDecorator<string>('gateway')

  api.addHook('onRequest', async (request, reply) => {
    const token = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
    const gateway = token === undefined ? undefined : await gatewayOfToken(token)
    if (gateway === undefined)
      return reply.code(401).send({ error: 'unauthorized', message: 'no valid gateway token; make one with: millwright token NAME' })
    request.setDecorator('gateway', gateway)
    return undefined
  })
  api.addContentTypeParser(frameListType, leaveUnread)

  const response = { 200: done, 401: errorSchema }
  api.post(
    '/uplink/announce',
    {
      bodyLimit: describeBytesMax,
      schema: { summary: 'A gateway describes its part of the plant', body: gatewayDescriptionSchema, response },
    },
    async (request) => {
      await uplinkOf(gatewayOf(request)).announce(request.body)
      return { ok: true as const }
    },
  )
  api.post(
    '/uplink/report',
    {
      bodyLimit: describeBytesMax,
      schema: { summary: 'A gateway reports the state of its connections', body: gatewayReportSchema, response },
    },
    async (request) => {
      await uplinkOf(gatewayOf(request)).report(request.body)
      return { ok: true as const }
    },
  )
  api.post(
    '/uplink/frames',
    {
      schema: {
        summary: 'Numbered batch frames of an outbox; answered after the durable commit',
        headers: z.object({ 'millwright-outbox': z.string().min(1).max(100) }),
        response: {
          200: z.object({ results: z.array(sendResultSchema) }),
          400: errorSchema,
          401: errorSchema,
          429: errorSchema,
          503: errorSchema,
        },
      },
    },
    async (request) => {
      if (request.body !== unread) throw new Rejected(`frames come as ${frameListType}; say so in the content-type`)
      const gateway = gatewayOf(request)
      const outbox = `${gateway}/${request.headers['millwright-outbox']}`
      const results = await bodies.lend(request, frameBytesMax + 64, (body) => uplinkOf(gateway).send(outbox, decodeFrameList(body)))
      return { results }
    },
  )
}
