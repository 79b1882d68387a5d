// A whole server without a network: memory store, directory in a temporary database, API asked by inject().
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import pino from 'pino'
import { createGatewayToken, gatewayOfToken } from '#access/gateway-tokens.ts'
import { Bodies } from '#api/bodies.ts'
import type { ApiContext } from '#api/context.ts'
import { createMetrics } from '#api/metrics/metrics.ts'
import { buildServer } from '#api/server.ts'
import { uplinksTo } from '#app/uplinks.ts'
import { createMemoryBus } from '#bus/memory.ts'
import { batchOf } from '#core/batch.ts'
import { systemClock } from '#core/clock.ts'
import type { Plant } from '#core/plant.ts'
import type { Store } from '#core/store.ts'
import { openDatabase } from '#database/open.ts'
import { createIngest, type Ingest } from '#ingest/ingest.ts'
import { createLineEntrance } from '#ingest/line-protocol/accept-lines.ts'
import { openDirectory } from '#plant/directory.ts'
import { createGatewayBoard } from '#plant/gateway-board.ts'
import { createMemoryStore } from '#store/memory/memory-store.ts'

export interface TestApi {
  readonly server: FastifyInstance
  readonly store: Store
  readonly ingest: Ingest
  /** Stores samples as a gateway would. */
  readonly put: (...samples: Parameters<typeof batchOf>[0] extends Iterable<infer Sample> ? Sample[] : never) => Promise<void>
  readonly get: (
    path: string,
    headers?: Record<string, string>,
  ) => Promise<{ status: number; body: unknown; headers: Record<string, unknown>; raw: Buffer }>
  readonly post: (path: string, body: unknown) => Promise<{ status: number; body: unknown }>
  /** The server's end of a gateway's uplink. */
  readonly uplink: ApiContext['uplinkOf']
  readonly token: (gateway: string) => Promise<string>
  readonly close: () => Promise<void>
}

export async function testApi(plant: Plant, parts: Partial<ApiContext> = {}): Promise<TestApi> {
  const folder = await mkdtemp(join(tmpdir(), 'api-'))
  const failed = (error: unknown) => {
    throw error
  }
  const clock = systemClock
  const store = parts.store ?? createMemoryStore()
  await store.open()
  const database = await openDatabase(join(folder, 'millwright.db'))
  const directory = await openDirectory(plant, database, store, failed)
  const bus = createMemoryBus(failed)
  const board = createGatewayBoard(clock)
  const metrics = createMetrics({ version: '0.0.0', figures: { store: () => store.statistics() }, board })
  const ingest = createIngest({ store, directory, bus, clock, refused: () => {}, taken: metrics.taken })
  const context: ApiContext = {
    version: '0.0.0',
    clock,
    store,
    directory,
    board,
    bus,
    accept: ingest.accept,
    lines: createLineEntrance(ingest.accept),
    bodies: new Bodies(),
    metrics,
    gatewayOfToken: (token) => gatewayOfToken(database, token),
    uplinkOf: uplinksTo({ directory, ingest, board }),
    checks: async () => [{ name: 'store', ok: true, detail: 'in memory' }],
    ...parts,
  }
  const server = await buildServer(context, folder, pino({ level: 'silent' }))
  const host = '127.0.0.1:8080'
  return {
    server,
    store,
    ingest,
    async put(...samples) {
      await ingest.accept([{ batch: batchOf(samples) }], 'json')
    },
    async get(path, headers = {}) {
      const answer = await server.inject({ url: path, headers: { host, ...headers } })
      const isJson = String(answer.headers['content-type']).includes('json')
      return { status: answer.statusCode, body: isJson ? answer.json() : answer.body, headers: answer.headers, raw: answer.rawPayload }
    },
    async post(path, body) {
      const text = typeof body === 'string' ? body : JSON.stringify(body)
      const answer = await server.inject({
        method: 'POST',
        url: path,
        headers: { host, 'content-type': 'application/json' },
        payload: text,
      })
      return { status: answer.statusCode, body: answer.json() }
    },
    uplink: context.uplinkOf,
    token: (gateway) => createGatewayToken(database, gateway),
    async close() {
      await server.close()
      await database.destroy()
      await rm(folder, { recursive: true })
    },
  }
}
