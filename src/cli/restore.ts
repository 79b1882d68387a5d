// `millwright restore`: a backup becomes a data folder again.
import { resolve } from 'node:path'
import { Option, type Command } from 'commander'
import { formatSize } from '#core/size.ts'
import { note, plural, print } from './output.ts'
import { progressOn } from './progress.ts'

export function registerRestore(program: Command): void {
  program
    .command('restore')
    .description('bring a backup back into a data folder; Millwright must not run on it')
    .argument('<folder>', 'what "millwright backup" wrote')
    .addOption(new Option('--data <folder>', 'where everything is kept').env('MILLWRIGHT_DATA').default('./data'))
    .option('--force', 'move aside what is in that folder')
    .action(async (backup: string, { data, force = false }: { data: string; force?: boolean }) => {
      const { bytesOf } = await import('#app/backup/manifest.ts')
      const { restore } = await import('#app/backup/restore.ts')
      const folder = resolve(data)
      const progress = progressOn(
        process.stderr,
        ({ bytes, of }: { bytes: number; of: number }) => `${formatSize(bytes)} of ${formatSize(of)}`,
      )
      const { manifest, movedTo } = await restore(resolve(backup), folder, {
        force,
        now: new Date(),
        copied: (bytes, of) => progress.update({ bytes, of }),
      }).finally(() => progress.clear())
      const { files, time } = manifest
      print(`${formatSize(bytesOf(manifest))} in ${plural(files.length, 'file')} of ${time} restored to ${folder}`)
      if (movedTo !== undefined) note(`What was there is in ${movedTo} now.`)
      if (!files.some(({ path }) => path === 'millwright.db'))
        note('What exists and who may was in PostgreSQL: bring that back with pg_restore before you start.')
      note(`Start it with: millwright start --data ${data}`)
    })
}
