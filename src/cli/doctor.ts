// `millwright doctor`: looks at the machine before (or while) Millwright runs on it, and says what to mend.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Option, type Command } from 'commander'
import { packageFolder } from '#app/package-folder.ts'
import { databaseOption } from './database-option.ts'
import { checkDataFolder } from './doctor/data-folder.ts'
import type { Finding } from './doctor/finding.ts'
import { checkClock, checkNode, checkTools, readClocks } from './doctor/host.ts'
import { checkPorts } from './doctor/ports.ts'
import { natsOption } from './nats-option.ts'
import { portArgument } from './number-argument.ts'
import { print, printable } from './output.ts'

export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .description('check this machine: Node, ports, disk, clock, tools; exit code 1 when something must be mended')
    .addOption(new Option('--data <folder>', 'where everything is kept').env('MILLWRIGHT_DATA').default('./data'))
    .addOption(databaseOption())
    .addOption(natsOption())
    .addOption(new Option('--port <number>', 'of the page and API').env('MILLWRIGHT_PORT').default(8080).argParser(portArgument))
    .action(async ({ data, database, nats, port }: { data: string; database?: string; nats?: string; port: number }) => {
      const findings = [
        checkNode(),
        ...(await checkPorts(port, join(packageFolder, 'examples', 'demo-plant.yaml'))),
        ...(await checkDataFolder(data)),
        ...(await checkDatabase(database)),
        ...(await checkNats(nats)),
        checkClock(await readClocks([data, packageFolder])),
        ...(await checkTools()),
        checkDashboard(),
      ]
      for (const { level, text, mend } of findings)
        print(printable(`${level.padEnd(4)}  ${text}${mend === undefined ? '' : `. Mend: ${mend}`}`))
      if (findings.some(({ level }) => level === 'fail')) process.exitCode = 1
    })
}

/** Checks PostgreSQL, where it is wanted. */
async function checkDatabase(url: string | undefined): Promise<Finding[]> {
  if (url === undefined || url === '') return []
  const { lookAtDatabase } = await import('#app/look-at-database.ts')
  return [await lookAtDatabase(url)]
}

/** Checks NATS, where it is wanted. */
async function checkNats(url: string | undefined): Promise<Finding[]> {
  if (url === undefined || url === '') return []
  const { lookAtNats } = await import('#app/look-at-nats.ts')
  return [await lookAtNats(url)]
}

function checkDashboard(): Finding {
  if (existsSync(join(packageFolder, 'dist', 'web', 'index.html'))) return { level: 'ok', text: 'the dashboard is built' }
  return { level: 'warn', text: 'the dashboard is not built yet; the first start does it', mend: 'npm run build' }
}
