// `millwright gateway`: the gateway alone, on another machine, reporting to a server over HTTP.
import { mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Logger } from 'pino'
import { createMetrics } from '#api/metrics/metrics.ts'
import { buildProcess } from '#api/process.ts'
import { systemClock } from '#core/clock.ts'
import { ConfigError } from '#core/errors.ts'
import { Gateway } from '#gateway/gateway.ts'
import { createHttpUplink } from '#gateway/http-uplink.ts'
import { loadPlant } from '#plant/load.ts'
import { drivers } from './drivers.ts'
import { gatewayCheck } from './health-checks.ts'
import { listen, requestLog, type Address } from './listen.ts'
import { profilesFolderDefault } from './package-folder.ts'
import { version } from './version.ts'

export interface RemoteGatewayOptions {
  readonly servers: readonly string[]
  readonly token: string
  readonly plant: string
  readonly profiles?: string | undefined
  readonly data: string
  /** Where health and figures are served; nowhere without it. */
  readonly address?: Address | undefined
  readonly log: Logger
}

/** Starts the gateway that the token names. Throws `ConfigError`; a server that is not there yet is waited for. */
export async function startRemoteGateway({
  servers,
  token,
  plant: file,
  profiles,
  data,
  address,
  log,
}: RemoteGatewayOptions): Promise<{ name: string; connections: number; stop: () => Promise<void> }> {
  const name = token.split('.')[1]
  if (!token.startsWith('mwg.') || name === undefined)
    throw new ConfigError('this is no gateway token; make one on the server with: millwright token NAME')
  const plant = await loadPlant({ file, profilesFolder: resolve(profiles ?? profilesFolderDefault), drivers })
  const connections = plant.connections.filter((connection) => connection.gateway === name).length
  if (connections === 0)
    throw new ConfigError(`${file} has no connection for gateway "${name}"; write "gateway: ${name}" into those it shall run`)
  const folder = resolve(data, `gateway-${name}`)
  await mkdir(folder, { recursive: true })
  const gateway = new Gateway({
    name,
    version,
    plant,
    drivers,
    uplink: createHttpUplink({ servers, token }),
    folder,
    clock: systemClock,
    log,
  })
  const closeHealth = address && (await serveHealth(gateway, name, address, log))
  gateway.start()
  const stop = async () => {
    await gateway.stop()
    await closeHealth?.()
  }
  return { name, connections, stop }
}

/** Serves /api/v1/health, /livez, /readyz and /metrics; resolves to what ends it. */
async function serveHealth(gateway: Gateway, name: string, address: Address, log: Logger): Promise<() => Promise<void>> {
  const clock = systemClock
  const entry = () => ({ name, lastSeen: clock.now(), report: gateway.report() })
  const server = await buildProcess(
    {
      version,
      clock,
      metrics: createMetrics({ version, figures: {}, board: { gateways: () => [entry()] } }),
      checks: async () => [gatewayCheck(entry(), clock.now())],
      hostNames: address.hostNames,
    },
    requestLog(log),
  )
  await listen(server, address, 'its health')
  return () => server.close()
}
