// GET /livez and /readyz, for whoever starts processes and sends requests their way: Kubernetes, load balancers, compose.
import type { ApiScope, ProcessContext } from '#api/context.ts'

export function probeRoutes(api: ApiScope, { notReady }: Pick<ProcessContext, 'notReady'>): void {
  const hidden = { schema: { hide: true } }
  api.get('/livez', hidden, async () => ({ status: 'alive' }))
  api.get('/readyz', hidden, async (_, reply) => {
    const reasons = (await notReady?.()) ?? []
    return reply.code(reasons.length === 0 ? 200 : 503).send({ status: reasons.length === 0 ? 'ready' : 'not ready', reasons })
  })
}
