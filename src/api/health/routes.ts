import type { ApiScope, ProcessContext } from '#api/context.ts'
import { healthSchema } from './schema.ts'

export function healthRoutes(api: ApiScope, { version, clock, checks }: ProcessContext): void {
  const started = clock.now()
  api.get(
    '/health',
    { schema: { summary: 'Whether the server is well, with each check in words', response: { 200: healthSchema } } },
    async () => {
      const list = await checks()
      return {
        status: list.every(({ ok }) => ok) ? ('ok' as const) : ('degraded' as const),
        version,
        uptimeSeconds: Math.floor((clock.now() - started) / 1_000_000),
        checks: list,
      }
    },
  )
}
