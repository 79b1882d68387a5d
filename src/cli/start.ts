// `millwright start`: everything in one process, until Ctrl-C; with --role one of many.
import { Option, type Command } from 'commander'
import { ConfigError } from '#core/errors.ts'
import { databaseOption } from './database-option.ts'
import { print } from './output.ts'
import { portArgument, positiveArgument, integerArgument, storeQuotaArgument } from './number-argument.ts'
import { addRoleOptions, runRoles, type RoleOptions } from './role-options.ts'
import { untilStopped } from './until-stopped.ts'

interface StartCommandOptions extends RoleOptions {
  port: number
  data: string
  database?: string
  rows?: string[]
  rowsDays?: number
  storeQuota?: number
  plant?: string
  profiles?: string
  demo?: boolean
  nextFreePort?: boolean
  speed?: number
  seed?: number
}

export function registerStart(program: Command): void {
  const command = program
    .command('start')
    .description('start the server with its gateway, and with --demo a simulated plant')
    .addOption(
      new Option('--port <number>', 'of the page and API; 0 takes any free one')
        .env('MILLWRIGHT_PORT')
        .default(8080)
        .argParser(portArgument),
    )
    .addOption(new Option('--data <folder>', 'where everything is kept').env('MILLWRIGHT_DATA').default('./data'))
    .addOption(databaseOption())
    .addOption(
      new Option('--rows <patterns>', 'tags to keep as rows for SQL in that database, too, as in "**/pressure,site/mill/**"')
        .env('MILLWRIGHT_ROWS')
        .argParser((text) => text.split(',').flatMap((pattern) => pattern.trim() || [])),
    )
    .addOption(new Option('--rows-days <days>', 'how long such rows are kept').env('MILLWRIGHT_ROWS_DAYS').argParser(positiveArgument))
    .addOption(
      new Option('--store-quota <size>', "what telemetry may take on the disk, as in 50GB (default: the plant file's, or all there is)")
        .env('MILLWRIGHT_STORE_QUOTA')
        .argParser(storeQuotaArgument),
    )
    .addOption(new Option('--plant <file>', 'the plant file: machines and connections').env('MILLWRIGHT_PLANT'))
    .option('--profiles <folder>', 'the machine profiles (default: those that come along)')
    .option('--demo', 'run the demo plant with simulated machines')
    .option('--next-free-port', 'where a port is taken, use the next free one and say so')
    .option('--speed <factor>', 'simulated seconds per second, with --demo', positiveArgument)
    .option('--seed <number>', 'of the simulation, with --demo', integerArgument)
  addRoleOptions(command).action((options: StartCommandOptions) => {
    const { role } = options
    return role?.length ? runRoles({ ...options, role }) : runAll(options)
  })
}

async function runAll(given: StartCommandOptions): Promise<void> {
  const { demo = false, nextFreePort = false, rows: patterns, rowsDays: keepDays, ...options } = given
  if (options.host !== '127.0.0.1' || options.hostNames)
    throw new ConfigError('everything in one process answers on its own machine only, as long as there is no sign-in; leave out --host')
  const { createLog } = await import('#app/log.ts')
  const { start } = await import('#app/start.ts')
  const log = createLog()
  const running = await start({ ...options, demo, nextFreePort, rows: patterns?.length ? { patterns, keepDays } : undefined, log })
  print('')
  print(`  Millwright is running    ${running.url}`)
  print(`  API documentation        ${running.url}/docs`)
  print(`  data folder              ${running.folder}`)
  if (running.machines > 0) print(`  machines                 ${running.machines}`)
  for (const note of running.notes) print(`  note                     ${note}`)
  print('  Ctrl-C stops it.')
  print('')
  await untilStopped(() => running.stop())
}
