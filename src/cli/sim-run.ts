// `millwright sim run`: the simulated machines alone, for a server or another program that reads them.
import { Option, type Command } from 'commander'
import { integerArgument, positiveArgument } from './number-argument.ts'
import { print } from './output.ts'
import { untilStopped } from './until-stopped.ts'

interface SimRunOptions {
  plant?: string
  profiles?: string
  data: string
  speed?: number
  seed?: number
}

export function registerSimRun(sim: Command): void {
  sim
    .command('run')
    .description('run the simulated machines of a plant file on their own')
    .option('--plant <file>', 'the plant file (default: the demo plant)')
    .option('--profiles <folder>', 'the machine profiles (default: those that come along)')
    .addOption(new Option('--data <folder>', 'where the servers keep their certificates').env('MILLWRIGHT_DATA').default('./data'))
    .option('--speed <factor>', 'simulated seconds per second', positiveArgument)
    .option('--seed <number>', 'of the simulation', integerArgument)
    .action(async (options: SimRunOptions) => {
      const { runSimulators } = await import('#app/run-simulators.ts')
      const { createLog } = await import('#app/log.ts')
      const running = await runSimulators(options, createLog())
      print(`${running.machines} simulated machines run; faults: POST http://127.0.0.1:${running.controlPort}/faults; Ctrl-C stops them.`)
      await untilStopped(running.stop)
    })
}
