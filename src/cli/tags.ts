// `millwright tags`: what is known, with its newest value.
import type { Command } from 'commander'
import { tagListSchema } from '#api/tags/schema.ts'
import { note, print, table } from './output.ts'
import { callServer, serverOption } from './server.ts'
import { valueText } from './value-text.ts'

export function registerTags(program: Command): void {
  program
    .command('tags')
    .description('list tags with their newest values')
    .option('--machine <path>', 'only the tags of this machine')
    .option('--json', 'as JSON')
    .addOption(serverOption())
    .action(async ({ server, machine, json }: { server: string; machine?: string; json?: true }) => {
      const tags = await callServer(server, 'tags', tagListSchema, { query: { machine } })
      if (json) return print(JSON.stringify(tags, null, 2))
      if (tags.length === 0) return note(machine === undefined ? 'no tag is known yet' : `no tag of "${machine}" is known`)
      const rows = tags.map(({ path, kind, unit, latest }) => [
        path,
        kind,
        latest ? valueText(latest.value, unit) : '',
        latest?.quality ?? '',
        latest?.time ?? 'never',
      ])
      print(table(['TAG', 'KIND', 'LATEST', 'QUALITY', 'TIME'], rows, new Set([2])))
    })
}
