// `millwright token`: makes the token by which a gateway on another machine signs in.
import { Option, type Command } from 'commander'
import { note, print } from './output.ts'

export function registerToken(program: Command): void {
  program
    .command('token')
    .description('make a token for a gateway; an earlier one of the same name stops working')
    .argument('<gateway>', "the gateway's name: lower-case letters, digits and -")
    .addOption(new Option('--data <folder>', "the server's data folder").env('MILLWRIGHT_DATA').default('./data'))
    .action(async (gateway: string, { data }: { data: string }) => {
      const { makeGatewayToken } = await import('#app/gateway-token.ts')
      print(await makeGatewayToken(data, gateway))
      note('It is shown only now. Use it with: millwright gateway --server URL --token TOKEN --plant FILE')
    })
}
