// What every process serves, whatever its role: whether it is well, its figures, and the documentation of its routes. Errors, and who may
// ask at all, are dealt with here once.
import fastifyStatic from '@fastify/static'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import { jsonSchemaTransform, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod'
import type { ApiScope, ProcessContext } from './context.ts'
import { answerError } from './errors.ts'
import { healthRoutes } from './health/routes.ts'
import { probeRoutes } from './health/probes.ts'
import { loopbackGuard } from './loopback-guard.ts'
import { metricsRoutes } from './metrics/routes.ts'

const requestTimeoutMs = 60_000

/** Builds a server that serves no more than that, and the dashboard where the folder of the built page is given. */
export async function buildProcess(context: ProcessContext, logger: FastifyBaseLogger, dashboard?: string): Promise<FastifyInstance> {
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
  })
  server.setValidatorCompiler(validatorCompiler)
  // Answers are typed by their schemas at compile time; checking them again for every request would cost more than making them.
  server.setSerializerCompiler(() => (data) => JSON.stringify(data))
  server.setErrorHandler(answerError)
  server.addHook('onRequest', loopbackGuard(context.hostNames))
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
  server.get('/openapi.json', { schema: { hide: true } }, () => server.swagger())
  await server.register(async (scope) => healthRoutes(typed(scope), context), { prefix: '/api/v1' })
  probeRoutes(typed(server), context)
  metricsRoutes(typed(server), context)
  if (dashboard !== undefined) await server.register(fastifyStatic, { root: dashboard, wildcard: true, index: ['index.html'], maxAge: 0 })
  server.setNotFoundHandler((request, reply) => {
    const page = request.method === 'GET' && request.headers.accept?.includes('text/html') && !request.url.startsWith('/api/')
    if (page && dashboard !== undefined) return reply.sendFile('index.html')
    return reply.code(404).send({
      error: 'notFound',
      message: `there is no ${request.method} ${request.url.split('?')[0]}; GET /openapi.json lists what there is`,
    })
  })
  return server
}

/** A scope whose routes take their types from zod schemas. */
export const typed = (scope: FastifyInstance): ApiScope => scope.withTypeProvider<ZodTypeProvider>()

/** OpenAPI knows no `*`: such a route is described as one with the parameter `path`. */
function describeRoute(route: Parameters<typeof jsonSchemaTransform>[0]): ReturnType<typeof jsonSchemaTransform> {
  const { schema, url } = jsonSchemaTransform(route)
  if (!url.endsWith('/*')) return { schema, url }
  const params = { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] }
  return { schema: { ...schema, params }, url: url.replace('/*', '/:path') }
}
