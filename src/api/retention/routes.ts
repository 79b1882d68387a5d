import { keepDaysDefault, retentionOf, type KeepDays } from '#core/retention.ts'
import { formatTime, type Micros } from '#core/time.ts'
import type { ApiContext, ApiScope } from '#api/context.ts'
import { NotFound } from '#api/errors.ts'
import { errorSchema } from '#api/schema.ts'
import { retentionQuerySchema, retentionSchema } from './schema.ts'

export function retentionRoutes(api: ApiScope, { keeping, store, directory }: ApiContext): void {
  if (!keeping) return
  const { rules, bytesMax, notice } = keeping
  const keepOf = retentionOf(rules)
  api.get(
    '/retention',
    {
      schema: {
        summary: 'How long what is stored is kept, and on request what is still there of a tag',
        querystring: retentionQuerySchema,
        response: { 200: retentionSchema, 404: errorSchema },
      },
    },
    async ({ query: { tag: path } }) => ({
      rules,
      otherwise: inDays(keepDaysDefault),
      quota: {
        bytesMax: Number.isFinite(bytesMax) ? bytesMax : null,
        bytes: store.statistics().bytesOnDisk,
        notice: notice() ?? null,
      },
      ...(path !== undefined && { tag: await stateOf(path) }),
    }),
  )

  async function stateOf(path: string) {
    if (!directory.tag(path)) throw new NotFound(`there is no tag "${path}"; GET /api/v1/tags lists them`)
    const newest = store.latest(path)?.time
    const { time } = newest === undefined ? { time: [] } : await store.read(path, 0, newest + 1, 1)
    return { path, keep: inDays(keepOf(path)), oldest: shown(time[0]), newest: shown(newest) }
  }
}

const shown = (time: Micros | undefined) => (time === undefined ? null : formatTime(time))

function inDays({ raw, minutes, hours }: KeepDays) {
  const said = (days: number) => (Number.isFinite(days) ? days : ('forever' as const))
  return { raw: said(raw), minutes: said(minutes), hours: said(hours) }
}
