import type { ApiContext, ApiScope } from '#api/context.ts'
import { NotFound } from '#api/errors.ts'
import { sampleJson } from '#api/sample-json.ts'
import { errorSchema, removedSchema } from '#api/schema.ts'
import { tagDeleteQuerySchema, tagListSchema, tagsQuerySchema } from './schema.ts'

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

  api.delete(
    '/tags',
    {
      schema: {
        summary: 'Deletes a tag with all its samples, for good; a tag of a profile stays known, without samples',
        querystring: tagDeleteQuerySchema,
        response: { 200: removedSchema, 404: errorSchema },
      },
    },
    async ({ query: { tag: path } }) => {
      if (!directory.tag(path)) throw new NotFound(`there is no tag "${path}"; GET /api/v1/tags lists them`)
      // Forgotten first: samples that come meanwhile make it known again.
      directory.forget(path)
      try {
        return { removed: await store.remove(path) }
      } finally {
        const stored = store.tag(path)
        if (stored) directory.observe(path, stored.kind)
      }
    },
  )
}
