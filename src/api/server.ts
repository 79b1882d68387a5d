// The HTTP server with all there is: the ways in, what people and programs read, live values, and the dashboard.
import websocket from '@fastify/websocket'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { arrayRoutes } from './arrays/routes.ts'
import { backupRoutes } from './backup/routes.ts'
import { bucketRoutes } from './buckets/routes.ts'
import { connectionRoutes } from './connections/routes.ts'
import type { ApiContext } from './context.ts'
import { registerEntrance } from './entrance.ts'
import { exportRoutes } from './export/routes.ts'
import { liveRoutes } from './live/routes.ts'
import { machineRoutes } from './machines/routes.ts'
import { buildProcess, typed } from './process.ts'
import { prometheusRoutes } from './prometheus/routes.ts'
import { readingRoutes } from './readings/routes.ts'
import { retentionRoutes } from './retention/routes.ts'
import { sampleRoutes } from './samples/routes.ts'
import { simRoutes } from './sim/routes.ts'
import { tagRoutes } from './tags/routes.ts'

/** Largest message a browser may send over the live socket. */
const livePayloadBytesMax = 1 << 20

/** Builds the server; `dashboard` is the folder of the built page. */
export async function buildServer(context: ApiContext, dashboard: string, logger: FastifyBaseLogger): Promise<FastifyInstance> {
  const server = await buildProcess(context, logger, dashboard)
  await server.register(websocket, { options: { maxPayload: livePayloadBytesMax } })
  await server.register(
    async (scope) => {
      const api = typed(scope)
      for (const routes of [
        machineRoutes,
        tagRoutes,
        sampleRoutes,
        bucketRoutes,
        arrayRoutes,
        exportRoutes,
        connectionRoutes,
        liveRoutes,
        retentionRoutes,
        backupRoutes,
        simRoutes,
      ])
        routes(api, context)
      await api.register(async (inner) => prometheusRoutes(typed(inner), context))
    },
    { prefix: '/api/v1' },
  )
  readingRoutes(typed(server), context)
  await registerEntrance(server, context)
  return server
}
