// The ways in for gateways, devices and programs.
import type { FastifyInstance } from 'fastify'
import { batchRoutes } from './batches/routes.ts'
import type { EntranceContext } from './context.ts'
import { typed } from './process.ts'
import { samplePostRoutes } from './samples/routes.ts'
import { uplinkRoutes } from './uplink/routes.ts'
import { writeRoutes } from './write/routes.ts'

export async function registerEntrance(server: FastifyInstance, context: EntranceContext): Promise<void> {
  await server.register(
    async (scope) => {
      const api = typed(scope)
      batchRoutes(api, context)
      samplePostRoutes(api, context)
      await api.register(async (inner) => uplinkRoutes(typed(inner), context))
    },
    { prefix: '/api/v1' },
  )
  await server.register(async (scope) => writeRoutes(typed(scope), context))
}
