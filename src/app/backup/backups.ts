// Backups of a store at work, one at a time: begun, asked how far they are, ended with the server.
import type { BackupState } from '#api/backup/schema.ts'
import type { Clock } from '#core/clock.ts'
import type { Log } from '#core/driver.ts'
import { messageOf, RetryLater } from '#core/errors.ts'
import { formatTime } from '#core/time.ts'
import { backUp, checkTarget, writtenBytes, type BackupSource } from './back-up.ts'
import { bytesOf } from './manifest.ts'

export interface Backups {
  /** Begins one. Throws `Rejected` when it cannot be written there, `RetryLater` while another is made. */
  start(folder: string): Promise<BackupState>
  state(): Promise<BackupState>
  /** Ends the one under way; nothing of it is left. */
  stop(): Promise<void>
}

export function createBackups(source: BackupSource, { clock, log }: { readonly clock: Clock; readonly log: Log }): Backups {
  const stopping = new AbortController()
  let state: BackupState = { state: 'none' }
  let running: Promise<unknown> | undefined

  async function run(folder: string): Promise<void> {
    const start = clock.now()
    const since = formatTime(start)
    const note = (doing: 'copying' | 'checking', bytes: number, bytesTotal: number) =>
      (state = { state: 'running', folder, since, doing, bytes, bytesTotal })
    note('copying', 0, source.bytes())
    let read = 0
    try {
      const manifest = await backUp(source, folder, clock, (bytes, of) => note('checking', (read += bytes), of), stopping.signal)
      const seconds = (clock.now() - start) / 1e6
      const notes = source.copyDatabase ? [] : [postgresNote]
      state = { state: 'done', folder, since, seconds, files: manifest.files.length, bytes: bytesOf(manifest), notes }
    } catch (error) {
      log.warn(messageOf(error))
      state = { state: 'failed', folder, since, message: messageOf(error) }
    }
  }

  return {
    async start(folder) {
      if (running) throw new RetryLater('a backup is being made already; wait until it is whole')
      const checked = checkTarget(folder, source)
      const ended = () => (running = undefined)
      running = checked.then(() => run(folder)).then(ended, ended)
      await checked
      return state
    },
    async state() {
      return state.state === 'running' && state.doing === 'copying' ? { ...state, bytes: await writtenBytes(state.folder) } : state
    },
    async stop() {
      stopping.abort(new RetryLater('Millwright was stopped meanwhile'))
      await running
    },
  }
}

const postgresNote = 'what exists and who may lies in PostgreSQL and is not in it: back that up with pg_dump'
