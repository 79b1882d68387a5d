// `millwright gateway`: the gateway alone, near the machines, reporting to a server elsewhere.
import { Option, type Command } from 'commander'
import { addAddressOptions, addressOf, type AddressOptions } from './address-options.ts'
import { portArgument } from './number-argument.ts'
import { print } from './output.ts'
import { serversOption } from './server.ts'
import { untilStopped } from './until-stopped.ts'

interface GatewayCommandOptions extends AddressOptions {
  server: string[]
  token: string
  plant: string
  profiles?: string
  data: string
  port?: number
}

export function registerGateway(program: Command): void {
  const command = program
    .command('gateway')
    .description('run a gateway on its own; its name is in the token')
    .addOption(serversOption())
    .addOption(
      new Option('--token <token>', 'from "millwright token NAME" on the server')
        .env('MILLWRIGHT_TOKEN')
        .makeOptionMandatory()
        .argParser((text) => text.trim()),
    )
    .addOption(
      new Option('--plant <file>', 'the plant file; the connections with "gateway: NAME" are run')
        .env('MILLWRIGHT_PLANT')
        .makeOptionMandatory(),
    )
    .option('--profiles <folder>', 'the machine profiles (default: those that come along)')
    .addOption(new Option('--data <folder>', 'where the outbox is kept').env('MILLWRIGHT_DATA').default('./data'))
    .option('--port <number>', 'serve its health and figures there; nowhere without it', portArgument)
  addAddressOptions(command).action(async ({ server: servers, host, hostNames, port, ...options }: GatewayCommandOptions) => {
    const { createLog } = await import('#app/log.ts')
    const { startRemoteGateway } = await import('#app/remote-gateway.ts')
    const address = port === undefined ? undefined : addressOf({ host, ...(hostNames && { hostNames }) }, port)
    const running = await startRemoteGateway({ ...options, servers, address, log: createLog() })
    const { name, connections } = running
    print(`gateway ${name} runs ${connections} connection${connections === 1 ? '' : 's'} for ${servers.join(' or ')}; Ctrl-C stops it.`)
    await untilStopped(running.stop)
  })
}
