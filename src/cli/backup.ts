// `millwright backup`: everything that is kept, into a folder: of the running server, or of one that is stopped.
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { backupStateSchema, type BackupState } from '#api/backup/schema.ts'
import { systemClock } from '#core/clock.ts'
import { ConfigError } from '#core/errors.ts'
import { formatSize } from '#core/size.ts'
import { databaseOption } from './database-option.ts'
import { note, plural, print } from './output.ts'
import { progressOn } from './progress.ts'
import { callServer, serverOption } from './server.ts'

/** How often it is asked how far it is. */
const askPeriodMs = 200

interface BackupOptions {
  server: string
  data?: string
  database?: string
}

export function registerBackup(program: Command): void {
  program
    .command('backup')
    .description('back up everything into a new folder while Millwright runs')
    .argument('<folder>', "a new or empty folder on the server's machine")
    .option('--data <folder>', 'back up this data folder of a Millwright that is stopped')
    .addOption(databaseOption())
    .addOption(serverOption())
    .action((target: string, options: BackupOptions) => backup(resolve(target), options))
}

async function backup(target: string, { server, data, database }: BackupOptions): Promise<void> {
  if (data === undefined) {
    await callServer(server, 'backup', backupStateSchema, { body: { folder: target } })
    return finish(target, () => callServer(server, 'backup', backupStateSchema))
  }
  const { createBackups } = await import('#app/backup/backups.ts')
  const { openStopped } = await import('#app/backup/stopped.ts')
  const log = { info: () => {}, warn: () => {} }
  await using source = await openStopped(resolve(data), database, { info: note, warn: note })
  const backups = createBackups(source, { clock: systemClock, log })
  await backups.start(target)
  await finish(target, () => backups.state())
}

/** Shows how far it is until it has ended. Throws `ConfigError` when it failed. */
async function finish(target: string, stateOf: () => Promise<BackupState>): Promise<void> {
  const progress = progressOn(process.stderr, progressLine)
  for (let state = await stateOf(); ; state = await stateOf()) {
    if (state.state === 'running' && state.folder === target) {
      progress.update(state)
      await sleep(askPeriodMs)
      continue
    }
    progress.clear()
    if (state.state === 'failed') throw new ConfigError(state.message)
    if (state.state !== 'done' || state.folder !== target)
      throw new ConfigError(`Millwright was started anew meanwhile, and ${target} was not written; begin again`)
    print(`${formatSize(state.bytes)} in ${plural(state.files, 'file')} backed up to ${target} in ${state.seconds.toFixed(1)} s`)
    for (const one of state.notes) note(one)
    return
  }
}

function progressLine({ doing, bytes, bytesTotal }: Extract<BackupState, { state: 'running' }>): string {
  return `${doing}: ${formatSize(bytes)} of ${doing === 'copying' ? 'about ' : ''}${formatSize(bytesTotal)}`
}
