import type { ApiContext, ApiScope } from '#api/context.ts'
import { errorSchema } from '#api/schema.ts'
import { backupRequestSchema, backupStateSchema } from './schema.ts'

export function backupRoutes(api: ApiScope, { backups }: ApiContext): void {
  if (!backups) return
  api.post(
    '/backup',
    {
      schema: {
        summary: 'Begins a backup into a new folder on the server’s machine; GET tells how far it is',
        body: backupRequestSchema,
        response: { 202: backupStateSchema, 400: errorSchema, 503: errorSchema },
      },
    },
    async ({ body }, reply) => reply.code(202).send(await backups.start(body.folder)),
  )
  api.get(
    '/backup',
    { schema: { summary: 'How far the backup is, or how the last one has ended', response: { 200: backupStateSchema } } },
    () => backups.state(),
  )
}
