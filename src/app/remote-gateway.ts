// `millwright gateway`: the gateway alone, on another machine, reporting to a server over HTTP.
import { mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Logger } from 'pino'
import { systemClock } from '#core/clock.ts'
import { ConfigError } from '#core/errors.ts'
import { Gateway } from '#gateway/gateway.ts'
import { createHttpUplink } from '#gateway/http-uplink.ts'
import { loadPlant } from '#plant/load.ts'
import { drivers } from './drivers.ts'
import { profilesFolderDefault } from './package-folder.ts'
import { version } from './version.ts'

export interface RemoteGatewayOptions {
  readonly server: string
  readonly token: string
  readonly plant: string
  readonly profiles?: string | undefined
  readonly data: string
  readonly log: Logger
}

/** Starts the gateway that the token names. Throws `ConfigError`; a server that is not there yet is waited for. */
export async function startRemoteGateway({
  server,
  token,
  plant: file,
  profiles,
  data,
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
    uplink: createHttpUplink({ server, token }),
    folder,
    clock: systemClock,
    log,
  })
  gateway.start()
  return { name, connections, stop: () => gateway.stop() }
}
