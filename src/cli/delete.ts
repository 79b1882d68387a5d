// `millwright delete`: a tag with its samples, or those of a range, for good.
import { Option, type Command } from 'commander'
import { removedSchema } from '#api/schema.ts'
import { ConfigError } from '#core/errors.ts'
import { formatTime, type Micros } from '#core/time.ts'
import { confirmed } from './confirm.ts'
import { plural, print } from './output.ts'
import { callServer, serverOption } from './server.ts'
import { timeArgument } from './time-argument.ts'

/** The last time that can be written. */
const timeMax = Date.UTC(9999, 11, 31) * 1000

interface DeleteOptions {
  server: string
  from?: Micros
  to?: Micros
  yes?: true
}

export function registerDelete(program: Command): void {
  const time = (text: string) => timeArgument(text)
  program
    .command('delete')
    .description('delete a tag with all its samples, or its samples of a range, for good')
    .argument('<tag>', 'path of the tag')
    .addOption(new Option('--from <time>', 'only samples from this time on: ISO 8601 or -1h, -7d').argParser(time))
    .addOption(new Option('--to <time>', 'only samples up to but not including this time').argParser(time))
    .option('--yes', 'do not ask')
    .addOption(serverOption())
    .action(async (tag: string, { server, from, to, yes }: DeleteOptions) => {
      const range = from === undefined && to === undefined ? undefined : { from: from ?? 0, to: to ?? timeMax }
      if (range && range.from >= range.to)
        throw new ConfigError(`--from ${formatTime(range.from)} is not before --to ${formatTime(range.to)}; swap or change them`)
      const what = range ? `the samples of ${tag} ${spanOf(from, to)}` : `${tag} with all its samples`
      const sure = yes ?? (await confirmed(`Delete ${what} for good?`))
      if (sure === undefined) throw new ConfigError(`this would delete ${what} for good; add --yes if that is meant`)
      if (!sure) return print('nothing was deleted')
      const query = { tag, from: range && formatTime(range.from), to: range && formatTime(range.to) }
      const { removed } = await callServer(server, range ? 'samples' : 'tags', removedSchema, { method: 'DELETE', query })
      print(`${plural(removed, 'sample')} of ${tag} deleted`)
    })
}

function spanOf(from: Micros | undefined, to: Micros | undefined): string {
  const until = to === undefined ? 'on' : `until ${formatTime(to)}`
  return from === undefined ? until : `from ${formatTime(from)} ${until}`
}
