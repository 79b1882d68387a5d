// `millwright check`: reads everything that a stopped server keeps, or a backup, and says what is wrong; mends what can be mended.
import { resolve } from 'node:path'
import { Option, type Command } from 'commander'
import { count, note, plural, print, printable } from './output.ts'
import { progressOn } from './progress.ts'

/** Findings that are printed, and mended, in one run. */
const findingsMax = 1000

export function registerCheck(program: Command): void {
  program
    .command('check')
    .description('read everything that is kept and say what is damaged; exit code 1 when something is')
    .addOption(new Option('--data <folder>', 'a data folder, or a backup').env('MILLWRIGHT_DATA').default('./data'))
    .option('--repair', 'mend what can be mended without losing anything, and move aside what cannot be read')
    .action(async ({ data, repair = false }: { data: string; repair?: boolean }) => {
      const { repairData } = await import('#app/check.ts')
      const folder = resolve(data)
      const findings = await check(folder)
      const mendable = findings.filter((finding) => finding.repair)
      if (!repair || mendable.length === 0) return conclude(findings.length)
      await repairData(folder, mendable)
      print(`${plural(mendable.length, 'fault')} mended; checking again`)
      conclude((await check(folder)).length)
    })
}

/** Prints every finding and resolves to them, and says how much there is. */
async function check(folder: string) {
  const { checkData } = await import('#app/check.ts')
  const start = performance.now()
  const progress = progressOn(process.stderr, ({ read, of }: { read: number; of: number }) => `${count(read)} of ${count(of)} chunks read`)
  const findings: Parameters<Parameters<typeof checkData>[1]['found']>[0][] = []
  let more = 0
  const { tags, samples, waiting } = await checkData(folder, {
    found(finding) {
      if (findings.length === findingsMax) more++
      else {
        findings.push(finding)
        progress.clear()
        print(printable(`${finding.text}. Mend: ${finding.mend}`))
      }
    },
    progress: (read, of) => progress.update({ read, of }),
  }).finally(() => progress.clear())
  if (more > 0) print(`… and ${count(more)} more`)
  note(`${plural(samples, 'sample')} of ${plural(tags, 'tag')} read in ${((performance.now() - start) / 1000).toFixed(1)} s`)
  if (waiting > 0) note(`${plural(waiting, 'row')} in the log wait to be sealed, which the next start does`)
  return findings
}

function conclude(faults: number): void {
  if (faults === 0) return print('all is well')
  print(`${plural(faults, 'thing')} not as it should be`)
  process.exitCode = 1
}
