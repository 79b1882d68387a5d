// `millwright start --role …`: a process with some of the roles; NATS and PostgreSQL hold them together.
import { resolve } from 'node:path'
import type { Logger } from 'pino'
import type { ProcessContext } from '#api/context.ts'
import { createMetrics } from '#api/metrics/metrics.ts'
import { buildDashboard } from '#app/dashboard.ts'
import { listen, requestLog, type Address } from '#app/listen.ts'
import { profilesFolderDefault } from '#app/package-folder.ts'
import { version } from '#app/version.ts'
import { messageOf } from '#core/errors.ts'
import { emptyPlant, type Plant } from '#core/plant.ts'
import { loadPlant } from '#plant/load.ts'
import { openCommon } from './common.ts'
import { openEntrance } from './entrance.ts'
import { notReady, roleChecks } from './health.ts'
import { buildFor } from './http.ts'
import { checkPlaces, checkRoles, type Role } from './role.ts'
import { createWriter } from './writer.ts'

export interface StartRolesOptions {
  readonly roles: readonly string[]
  readonly natsUrl?: string | undefined
  readonly databaseUrl?: string | undefined
  readonly address: Address
  /** A plant file, the same for all processes: machines, calendar, retention. */
  readonly plant?: string | undefined
  readonly profiles?: string | undefined
  /** Bytes that telemetry may take in PostgreSQL, instead of what the plant file says. */
  readonly storeQuota?: number | undefined
  readonly partitions?: number | undefined
  readonly logBytesMax?: number | undefined
  readonly log: Logger
}

export interface StartedRoles {
  readonly url: string
  readonly roles: readonly Role[]
  readonly stop: () => Promise<void>
}

/** Starts the roles and resolves when the process answers; it may still have to catch up. Throws `ConfigError`; nothing is left running then. */
export async function startRoles(options: StartRolesOptions): Promise<StartedRoles> {
  const { address, partitions, logBytesMax, log } = options
  const roles = checkRoles(options.roles)
  const places = checkPlaces(roles[0] as Role, options)
  const plant = await plantFor(options)
  if (roles.includes('api')) await buildDashboard(() => log.info('building the dashboard; this happens once after a change'))

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
    const common = await openCommon({ roles, ...places, plant, partitions, logBytesMax, log }, started)
    const entrance = roles.includes('ingest') || roles.includes('api') ? await openEntrance(common, started) : undefined
    const writer = roles.includes('writer') ? createWriter(common) : undefined
    const figures = {
      live: common.bus.statistics,
      ...(entrance && { store: () => entrance.store.statistics(), ingest: entrance.figures }),
      ...(writer && { writer: writer.figures }),
    }
    const context: ProcessContext = {
      version,
      clock: common.clock,
      metrics: createMetrics({ version, figures, board: entrance?.board }),
      checks: () => roleChecks({ common, entrance, writer }),
      notReady: () => notReady({ common, writer }),
      hostNames: address.hostNames,
    }
    const server = await buildFor(roles, context, entrance, requestLog(log))
    const url = await listen(server, address, `the role ${roles.join(', ')}`)
    if (entrance && address.hostNames)
      log.warn(
        `there is no sign-in yet, and ${url} answers the network: let nobody reach it but your own, or through a proxy that checks who asks`,
      )
    if (writer) started.push(writer.stop)
    started.push(common.leave, () => server.close())
    await common.join(url, () => ({ ...writer?.figures() }))
    await writer?.start()
    return { url, roles, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function plantFor({ plant: file, profiles, storeQuota: bytesMax }: StartRolesOptions): Promise<Plant> {
  const profilesFolder = resolve(profiles ?? profilesFolderDefault)
  const plant = file === undefined ? emptyPlant : await loadPlant({ file, profilesFolder })
  return bytesMax === undefined ? plant : { ...plant, store: { bytesMax } }
}
