// One Millwright in one process: store, directory, ingest, API and a gateway, wired together.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { gatewayOfToken } from '#access/gateway-tokens.ts'
import { Bodies } from '#api/bodies.ts'
import { createMetrics } from '#api/metrics/metrics.ts'
import { buildServer } from '#api/server.ts'
import { createMemoryBus } from '#bus/memory.ts'
import type { Batch } from '#core/batch.ts'
import { systemClock } from '#core/clock.ts'
import type { DriverModule } from '#core/driver.ts'
import { ConfigError, messageOf } from '#core/errors.ts'
import { occasionally } from '#core/occasionally.ts'
import { ownGateway, type Plant } from '#core/plant.ts'
import { openDatabase } from '#database/open.ts'
import { Gateway } from '#gateway/gateway.ts'
import { createIngest } from '#ingest/ingest.ts'
import { createLineEntrance } from '#ingest/line-protocol/accept-lines.ts'
import { openDirectory } from '#plant/directory.ts'
import { createGatewayBoard } from '#plant/gateway-board.ts'
import { createEmbeddedStore } from '#store/embedded/embedded-store.ts'
import { createBackups } from './backup/backups.ts'
import { ownBackupSource } from './backup/own-source.ts'
import { dashboardFolder } from './dashboard.ts'
import { drivers as ownDrivers } from './drivers.ts'
import { databasePlace } from './folders.ts'
import { healthChecks } from './health-checks.ts'
import { listen, loopback, requestLog } from './listen.ts'
import { startRows, type RowsOptions } from './rows.ts'
import type { Simulators } from './simulators.ts'
import { uplinksTo } from './uplinks.ts'
import { version } from './version.ts'

export interface ServerOptions {
  readonly plant: Plant
  /** Everything that is kept lies in this folder. */
  readonly folder: string
  /** PostgreSQL for what exists and who may, instead of a file in the folder. */
  readonly databaseUrl?: string | undefined
  /** Tags to keep as rows for SQL in PostgreSQL, too. */
  readonly rows?: RowsOptions | undefined
  /** Bytes that telemetry may take on the disk, instead of what the plant file says. */
  readonly storeQuota?: number | undefined
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
  databaseUrl,
  rows,
  storeQuota,
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
    const retention = { rules: plant.retention ?? [], bytesMax: storeQuota ?? plant.store?.bytesMax ?? Infinity }
    const store = createEmbeddedStore({ folder: join(folder, 'store'), clock, log, retention })
    await store.open()
    let gateway: Gateway | undefined
    const backups = createBackups(ownBackupSource({ folder, databaseUrl, store, gateway: () => gateway }), { clock, log })
    started.push(() => backups.stop())
    started.push(() => store.close())
    const database = await openDatabase(databasePlace(folder, databaseUrl))
    started.push(() => database.destroy())
    const failed = (error: unknown) => log.error(error)
    const directory = await openDirectory(plant, database, store, failed)
    const bus = createMemoryBus(failed)
    const rowFeed = rows && startRows(rows, { databaseUrl, store, bus, clock, log })
    if (rowFeed) started.push(() => rowFeed.stop())
    if (onStored) bus.subscribe('stored', onStored)
    const board = createGatewayBoard(clock)
    const metrics = createMetrics({ version, figures: { store: () => store.statistics() }, board })
    const ingest = createIngest({ store, directory, bus, clock, refused: occasionally({ clock, log }), taken: metrics.taken })
    const uplinkOf = uplinksTo({ directory, ingest, board })
    const api = await buildServer(
      {
        version,
        clock,
        store,
        directory,
        board,
        bus,
        calendar: plant.calendar,
        accept: ingest.accept,
        lines: createLineEntrance(ingest.accept),
        bodies: new Bodies(),
        metrics,
        gatewayOfToken: (token) => gatewayOfToken(database, token),
        uplinkOf,
        checks: () =>
          healthChecks({ store, board, clock, folder, simulators, database: databaseUrl ? database : undefined, rows: rowFeed }),
        keeping: { ...retention, notice: () => store.statistics().quotaNotice },
        backups,
        simulation: simulators,
      },
      dashboardFolder,
      requestLog(log),
    )
    const url = await listen(api, { host: loopback, port }, 'the dashboard')
    started.push(() => api.close())
    gateway = new Gateway({
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
    started.push(() => gateway?.stop())
    return { url, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw new ConfigError(`cannot make the data folder ${folder}: ${messageOf(error)}; choose another with --data or MILLWRIGHT_DATA`)
  })
}
