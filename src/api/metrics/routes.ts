import { z } from 'zod'
import type { ApiScope, ProcessContext } from '#api/context.ts'

export function metricsRoutes(api: ApiScope, { metrics }: ProcessContext): void {
  api.get(
    '/metrics',
    {
      schema: { summary: "The server's own figures, in Prometheus' text format", produces: ['text/plain'], response: { 200: z.string() } },
    },
    async (_, reply) => reply.type(metrics.contentType).send(await metrics.text()),
  )
}
