import type { ApiContext, ApiScope } from '#api/context.ts'
import { NotFound } from '#api/errors.ts'
import { sampleJson } from '#api/sample-json.ts'
import { errorSchema } from '#api/schema.ts'
import { tagListSchema, tagsQuerySchema } from './schema.ts'

export function tagRoutes(api: ApiScope, { directory, store }: ApiContext): void {
  api.get(
    '/tags',
    {
      schema: {
        summary: 'Tags, of one machine or all, with their latest sample',
        querystring: tagsQuerySchema,
        response: { 200: tagListSchema, 404: errorSchema },
      },
    },
    ({ query: { machine } }) => {
      if (machine !== undefined && !directory.machine(machine))
        throw new NotFound(`there is no machine "${machine}"; GET /api/v1/machines lists them`)
      const machines = machine === undefined ? [...directory.machines()].map(({ path }) => path) : [machine]
      return machines.flatMap((path) =>
        [...directory.tags(path)].map((tag) => {
          const latest = store.latest(tag.path)
          return { path: tag.path, kind: tag.kind, unit: tag.definition?.unit ?? null, latest: latest ? sampleJson(latest) : null }
        }),
      )
    },
  )
}
