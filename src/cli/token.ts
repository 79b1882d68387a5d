// `millwright token`: makes the token by which a gateway on another machine signs in.
import { Option, type Command } from 'commander'
import { databaseOption } from './database-option.ts'
import { note, print } from './output.ts'

export function registerToken(program: Command): void {
  program
    .command('token')
    .description('make a token for a gateway; an earlier one of the same name stops working')
    .argument('<gateway>', "the gateway's name: lower-case letters, digits and -")
    .addOption(new Option('--data <folder>', "the server's data folder").env('MILLWRIGHT_DATA').default('./data'))
    .addOption(databaseOption())
    .action(async (gateway: string, { data, database }: { data: string; database?: string }) => {
      const { makeGatewayToken } = await import('#app/gateway-token.ts')
      print(await makeGatewayToken(data, database, gateway))
      note('It is shown only now. Use it with: millwright gateway --server URL --token TOKEN --plant FILE')
    })
}
