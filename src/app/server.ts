// One Millwright in one process: store, directory, ingest, API and a gateway, wired together.
import { mkdir, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { gatewayOfToken } from '#access/gateway-tokens.ts'
import { buildServer } from '#api/server.ts'
import type { ApiContext } from '#api/context.ts'
import { createMemoryBus } from '#bus/memory.ts'
import type { Batch } from '#core/batch.ts'
import { systemClock } from '#core/clock.ts'
import type { DriverModule } from '#core/driver.ts'
import { ConfigError, messageOf } from '#core/errors.ts'
import { occasionally } from '#core/occasionally.ts'
import type { Plant } from '#core/plant.ts'
import type { Uplink } from '#core/uplink.ts'
import { openDatabase } from '#database/open.ts'
import { Gateway } from '#gateway/gateway.ts'
import { createIngest } from '#ingest/ingest.ts'
import { openDirectory } from '#plant/directory.ts'
import { createGatewayBoard } from '#plant/gateway-board.ts'
import { createEmbeddedStore } from '#store/embedded/embedded-store.ts'
import { dashboardFolder } from './dashboard.ts'
import { drivers as ownDrivers } from './drivers.ts'
import { databaseFile } from './folders.ts'
import { version } from './version.ts'
import type { Simulators } from './simulators.ts'

/** The gateway that runs inside the server. */
const ownGateway = 'edge'
const host = '127.0.0.1'
const diskFreeBytesMin = 500_000_000

export interface ServerOptions {
  readonly plant: Plant
  /** Everything that is kept lies in this folder. */
  readonly folder: string
  /** 0 takes any free one. */
  readonly port: number
  readonly log: Logger
  readonly simulators?: Simulators | undefined
  /** Instead of those that come along. */
  readonly drivers?: ReadonlyMap<string, DriverModule>
  /** Hears of every batch after its durable commit. */
  readonly onStored?: (batch: Batch) => void
}

export interface RunningServer {
  readonly url: string
  readonly stop: () => Promise<void>
}

/** Starts everything and resolves when the address answers. Throws `ConfigError`; nothing is left running then. */
export async function startServer({
  plant,
  folder,
  port,
  log,
  simulators,
  drivers = ownDrivers,
  onStored,
}: ServerOptions): Promise<RunningServer> {
  const started: (() => Promise<unknown> | void)[] = []
  const stop = async () => {
    for (const end of started.splice(0).toReversed()) {
      try {
        await end()
      } catch (error) {
        log.warn(`stopping: ${messageOf(error)}`)
      }
    }
  }
  try {
    await makeFolder(join(folder, 'gateway'))
    const clock = systemClock
    const store = createEmbeddedStore({ folder: join(folder, 'store'), clock, log })
    await store.open()
    started.push(() => store.close())
    const database = await openDatabase(databaseFile(folder))
    started.push(() => database.destroy())
    const failed = (error: unknown) => log.error(error)
    const directory = await openDirectory(plant, database, store, failed)
    const bus = createMemoryBus(failed)
    if (onStored) bus.subscribe('stored', onStored)
    const board = createGatewayBoard(clock)
    const ingest = createIngest({ store, directory, bus, clock, refused: occasionally({ clock, log }) })
    const uplinkOf = (gateway: string): Uplink => ({
      announce: (description) => directory.merge(description),
      send: (outbox, frames) => ingest.deliver(outbox, frames),
      report: async (report) => board.report(gateway, report),
    })

    const checks: ApiContext['checks'] = async () => {
      const { samples, tags, bytesOnDisk } = store.statistics()
      const disk = await statfs(folder)
      const free = disk.bavail * disk.bsize
      return [
        { name: 'store', ok: true, detail: `${samples} samples of ${tags} tags in ${Math.ceil(bytesOnDisk / 1e6)} MB` },
        { name: 'disk', ok: free >= diskFreeBytesMin, detail: `${Math.floor(free / 1e9)} GB free for ${folder}` },
        ...[...board.gateways()].map(({ name, report }) => {
          const down = report.connections.filter(({ state }) => state === 'waiting' || state === 'failed')
          const detail =
            down.length === 0 ? 'all connections up' : down.map((connection) => `${connection.name}: ${connection.detail}`).join('; ')
          return { name: `gateway ${name}`, ok: down.length === 0, detail }
        }),
        ...(simulators
          ? [{ name: 'simulators', ok: simulators.running, detail: simulators.running ? 'running' : 'not running; they are started again' }]
          : []),
      ]
    }
    const api = await buildServer(
      {
        version,
        clock,
        store,
        directory,
        board,
        bus,
        accept: (batch) => ingest.accept(batch),
        gatewayOfToken: (token) => gatewayOfToken(database, token),
        uplinkOf,
        checks,
        simulation: simulators,
      },
      dashboardFolder,
      log.child({}, { level: process.env['MILLWRIGHT_LOG'] ?? 'warn' }),
    )
    await listen(api, port)
    started.push(() => api.close())
    const gateway = new Gateway({
      name: ownGateway,
      version,
      plant,
      drivers,
      uplink: uplinkOf(ownGateway),
      folder: join(folder, 'gateway'),
      clock,
      log,
    })
    gateway.start()
    started.push(() => gateway.stop())
    const address = api.server.address()
    return { url: `http://${host}:${typeof address === 'object' && address ? address.port : port}`, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function listen(api: FastifyInstance, port: number): Promise<void> {
  try {
    await api.listen({ host, port })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    throw new ConfigError(`port ${port} is taken, and the dashboard needs it; choose another with --port or MILLWRIGHT_PORT`)
  }
}

async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw new ConfigError(`cannot make the data folder ${folder}: ${messageOf(error)}; choose another with --data or MILLWRIGHT_DATA`)
  })
}
