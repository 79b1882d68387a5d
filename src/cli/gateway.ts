// `millwright gateway`: the gateway alone, near the machines, reporting to a server elsewhere.
import { Option, type Command } from 'commander'
import { print } from './output.ts'
import { serverOption } from './server.ts'
import { untilStopped } from './until-stopped.ts'

interface GatewayCommandOptions {
  server: string
  token: string
  plant: string
  profiles?: string
  data: string
}

export function registerGateway(program: Command): void {
  program
    .command('gateway')
    .description('run a gateway on its own; its name is in the token')
    .addOption(serverOption())
    .addOption(new Option('--token <token>', 'from "millwright token NAME" on the server').env('MILLWRIGHT_TOKEN').makeOptionMandatory())
    .addOption(
      new Option('--plant <file>', 'the plant file; the connections with "gateway: NAME" are run')
        .env('MILLWRIGHT_PLANT')
        .makeOptionMandatory(),
    )
    .option('--profiles <folder>', 'the machine profiles (default: those that come along)')
    .addOption(new Option('--data <folder>', 'where the outbox is kept').env('MILLWRIGHT_DATA').default('./data'))
    .action(async (options: GatewayCommandOptions) => {
      const { createLog } = await import('#app/log.ts')
      const { startRemoteGateway } = await import('#app/remote-gateway.ts')
      const running = await startRemoteGateway({ ...options, log: createLog() })
      print(
        `gateway ${running.name} runs ${running.connections} connection${running.connections === 1 ? '' : 's'} for ${options.server}; Ctrl-C stops it.`,
      )
      await untilStopped(running.stop)
    })
}
