// Millwright split over processes, as on many machines: each started from the command line, ended in any way, and started again as its
// supervisor would.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

const entry = join(import.meta.dirname, '..', '..', 'bin', 'millwright.js')
const startTimeoutMs = 120_000
const outputCharactersMax = 100_000

export interface SupervisedProcess extends AsyncDisposable {
  /** Everything it printed, the end of it. */
  output(): string
  /** Starts it (again) and resolves when it says that it runs. */
  start(): Promise<void>
  /** Ends it, as a crash would unless another signal is given; resolves with its exit code. */
  end(signal?: NodeJS.Signals): Promise<number | null>
}

/** `millwright ARGS`, not started yet. It runs as soon as it prints what Ctrl-C does. */
export function supervise(args: readonly string[], env: Readonly<Record<string, string>> = {}): SupervisedProcess {
  let output = ''
  let child: ChildProcess | undefined
  const end = async (signal: NodeJS.Signals = 'SIGKILL') => {
    const ending = child
    child = undefined
    if (!ending) return null
    if (ending.exitCode === null && ending.signalCode === null) {
      ending.kill(signal)
      await once(ending, 'close')
    }
    return ending.exitCode
  }
  return {
    output: () => output,
    end,
    async start() {
      const own = (child = spawn(process.execPath, [entry, ...args], {
        env: { ...process.env, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      }))
      let printed = ''
      const running = Promise.withResolvers<void>()
      for (const stream of [own.stdout, own.stderr])
        stream.setEncoding('utf8').on('data', (chunk: string) => {
          output = (output + chunk).slice(-outputCharactersMax)
          printed = (printed + chunk).slice(-outputCharactersMax)
          if (printed.includes('Ctrl-C stops it')) running.resolve()
        })
      const timer = setTimeout(
        () => running.reject(new Error(`millwright ${args.join(' ')} does not run after ${startTimeoutMs} ms:\n${printed}`)),
        startTimeoutMs,
      )
      own.once('close', (code) => running.reject(new Error(`millwright ${args.join(' ')} ended with ${code}:\n${printed}`)))
      // A process that is killed later is no failure of its start.
      running.promise.catch(() => {})
      await running.promise.finally(() => clearTimeout(timer))
    },
    async [Symbol.asyncDispose]() {
      await end()
    },
  }
}
