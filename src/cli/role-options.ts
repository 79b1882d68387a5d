// `millwright start --role …`: one of many processes, until Ctrl-C.
import { InvalidArgumentError, Option, type Command } from 'commander'
import { ConfigError } from '#core/errors.ts'
import { parseSize } from '#core/size.ts'
import { addAddressOptions, addressOf, type AddressOptions } from './address-options.ts'
import { natsOption } from './nats-option.ts'
import { integerArgument } from './number-argument.ts'
import { print } from './output.ts'
import { untilStopped } from './until-stopped.ts'

export interface RoleOptions extends AddressOptions {
  role?: string[]
  nats?: string
  partitions?: number
  telemetryLog?: number
}

export const addRoleOptions = (command: Command): Command =>
  addAddressOptions(
    command
      .addOption(
        new Option('--role <role>', 'run only this role of several processes: ingest, writer or api; say it again for more in one process')
          .env('MILLWRIGHT_ROLES')
          .argParser((text: string, before: string[] | undefined) => [
            ...(before ?? []),
            ...text.split(',').flatMap((role) => role.trim() || []),
          ]),
      )
      .addOption(natsOption())
      .addOption(
        new Option('--partitions <number>', 'of the telemetry, chosen once, with --role (default: 16)')
          .env('MILLWRIGHT_PARTITIONS')
          .argParser(integerArgument),
      )
      .addOption(
        new Option(
          '--telemetry-log <size>',
          'what waits in NATS for the writers may take on each of its servers, with --role (default: 4GB)',
        )
          .env('MILLWRIGHT_TELEMETRY_LOG')
          .argParser(sizeArgument),
      ),
  )

export interface RolesCommandOptions extends RoleOptions {
  role: string[]
  database?: string
  port: number
  plant?: string
  profiles?: string
  storeQuota?: number
  demo?: boolean
  rows?: string[]
  nextFreePort?: boolean
}

/** Runs the roles until the process is told to stop. Throws `ConfigError`. */
export async function runRoles(options: RolesCommandOptions): Promise<void> {
  if (options.demo || options.nextFreePort || options.rows?.length)
    throw new ConfigError('--demo, --next-free-port and --rows are for everything in one process; leave them out, or leave out --role')
  const { createLog } = await import('#app/log.ts')
  const { startRoles } = await import('#app/roles/start-roles.ts')
  const { role: roles, nats: natsUrl, database: databaseUrl, telemetryLog: logBytesMax, port, plant, profiles, partitions } = options
  const { storeQuota } = options
  const running = await startRoles({
    roles,
    natsUrl,
    databaseUrl,
    logBytesMax,
    plant,
    profiles,
    partitions,
    storeQuota,
    address: addressOf(options, port),
    log: createLog(),
  })
  print(`Millwright ${running.roles.join(', ')} is running at ${running.url}; Ctrl-C stops it.`)
  await untilStopped(running.stop)
}

function sizeArgument(text: string): number {
  const bytes = parseSize(text)
  if (bytes !== undefined && bytes > 0) return bytes
  throw new InvalidArgumentError('write a size with its unit, such as 4GB')
}
