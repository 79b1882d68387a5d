// The HTTP server: every resource's routes, errors and documentation put together once.
import fastifyStatic from '@fastify/static'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import websocket from '@fastify/websocket'
import fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import { jsonSchemaTransform, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod'
import { arrayRoutes } from './arrays/routes.ts'
import { backupRoutes } from './backup/routes.ts'
import { batchRoutes } from './batches/routes.ts'
import { bucketRoutes } from './buckets/routes.ts'
import { connectionRoutes } from './connections/routes.ts'
import type { ApiContext, ApiScope } from './context.ts'
import { answerError } from './errors.ts'
import { exportRoutes } from './export/routes.ts'
import { healthRoutes } from './health/routes.ts'
import { liveRoutes } from './live/routes.ts'
import { loopbackGuard } from './loopback-guard.ts'
import { machineRoutes } from './machines/routes.ts'
import { prometheusRoutes } from './prometheus/routes.ts'
import { metricsRoutes } from './metrics/routes.ts'
import { readingRoutes } from './readings/routes.ts'
import { sampleRoutes } from './samples/routes.ts'
import { simRoutes } from './sim/routes.ts'
import { tagRoutes } from './tags/routes.ts'
import { uplinkRoutes } from './uplink/routes.ts'
import { writeRoutes } from './write/routes.ts'

/** Largest message a browser may send over the live socket. */
const livePayloadBytesMax = 1 << 20
const requestTimeoutMs = 60_000

/** Builds the server; `dashboard` is the folder of the built page. */
export async function buildServer(context: ApiContext, dashboard: string, logger: FastifyBaseLogger): Promise<FastifyInstance> {
  const server = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    requestTimeout: requestTimeoutMs,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 1000 },
    // A reserved word such as __proto__ in a body or query is dropped before anyone sees it.
    onProtoPoisoning: 'remove',
    onConstructorPoisoning: 'remove',
    // What fails before a route is found, such as a path that is not well encoded.
    frameworkErrors: answerError,
  }).withTypeProvider<ZodTypeProvider>()
  server.setValidatorCompiler(validatorCompiler)
  // Answers are typed by their schemas at compile time; checking them again for every request would cost more than making them.
  server.setSerializerCompiler(() => (data) => JSON.stringify(data))
  server.setErrorHandler(answerError)
  server.addHook('onRequest', loopbackGuard)
  server.addHook('onResponse', async (_, { statusCode }) => {
    if (statusCode >= 400) context.metrics.refused(statusCode)
  })

  await server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Millwright',
        version: context.version,
        description: 'Machines, tags, samples and alarms of a plant. Times are ISO 8601 UTC with microseconds.',
      },
    },
    transform: describeRoute,
  })
  await server.register(swaggerUi, { routePrefix: '/docs' })
  await server.register(websocket, { options: { maxPayload: livePayloadBytesMax } })
  await server.register(
    async (scope) => {
      const api: ApiScope = scope.withTypeProvider<ZodTypeProvider>()
      for (const routes of [
        healthRoutes,
        machineRoutes,
        tagRoutes,
        sampleRoutes,
        batchRoutes,
        bucketRoutes,
        arrayRoutes,
        exportRoutes,
        connectionRoutes,
        liveRoutes,
        backupRoutes,
        simRoutes,
      ])
        routes(api, context)
      await api.register(async (inner) => prometheusRoutes(inner.withTypeProvider<ZodTypeProvider>(), context))
      await api.register(async (inner) => uplinkRoutes(inner.withTypeProvider<ZodTypeProvider>(), context))
    },
    { prefix: '/api/v1' },
  )
  readingRoutes(server, context)
  metricsRoutes(server, context)
  await server.register(async (scope) => writeRoutes(scope.withTypeProvider<ZodTypeProvider>(), context))
  server.get('/openapi.json', { schema: { hide: true } }, () => server.swagger())
  await server.register(fastifyStatic, { root: dashboard, wildcard: true, index: ['index.html'], maxAge: 0 })
  server.setNotFoundHandler((request, reply) => {
    const page = request.method === 'GET' && request.headers.accept?.includes('text/html') && !request.url.startsWith('/api/')
    if (page) return reply.sendFile('index.html')
    return reply.code(404).send({
      error: 'notFound',
      message: `there is no ${request.method} ${request.url.split('?')[0]}; GET /openapi.json lists what there is`,
    })
  })
  return server
}

/** OpenAPI knows no `*`: such a route is described as one with the parameter `path`. */
function describeRoute(route: Parameters<typeof jsonSchemaTransform>[0]): ReturnType<typeof jsonSchemaTransform> {
  const { schema, url } = jsonSchemaTransform(route)
  if (!url.endsWith('/*')) return { schema, url }
  const params = { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] }
  return { schema: { ...schema, params }, url: url.replace('/*', '/:path') }
}
