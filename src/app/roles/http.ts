// What a process serves over HTTP: by the one of its roles that serves the most.
import type { Server } from 'node:http'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import type { ProcessContext } from '#api/context.ts'
import { registerEntrance } from '#api/entrance.ts'
import { buildProcess } from '#api/process.ts'
import { buildServer } from '#api/server.ts'
import { sleep, type Clock } from '#core/clock.ts'
import { dashboardFolder } from '#app/dashboard.ts'
import type { Entrance } from './entrance.ts'
import type { Role } from './role.ts'

/** How long requests that are under way may take to end when the process stops. */
const drainMs = 10_000

export async function buildFor(
  roles: readonly Role[],
  context: ProcessContext,
  entrance: Entrance | undefined,
  logger: FastifyBaseLogger,
): Promise<FastifyInstance> {
  const server =
    entrance && roles.includes('api')
      ? await buildServer(entrance.contextOf(context), dashboardFolder, logger)
      : await buildProcess(context, logger)
  if (entrance && !roles.includes('api')) await registerEntrance(server, entrance.contextOf(context))
  // New requests are turned away from then on: whoever sent them finds another process.
  server.addHook('preClose', untilIdle(server.server, context.clock))
  return server
}

/** A function that waits until no request is under way, a limited time. */
function untilIdle(server: Server, clock: Clock): () => Promise<void> {
  let underWay = 0
  let idle = new AbortController()
  server.on('request', (_, response) => {
    if (underWay++ === 0) idle = new AbortController()
    response.once('close', () => {
      if (--underWay === 0) idle.abort()
    })
  })
  return () => (underWay === 0 ? Promise.resolve() : sleep(clock, drainMs, idle.signal))
}
