// The real thing: `millwright start --demo` in a process of its own, on free ports, with a data folder of its own.
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const entry = join(import.meta.dirname, '..', '..', 'bin', 'millwright.js')
const startTimeoutMs = 60_000

export interface Demo {
  readonly url: string
  readonly folder: string
  /** Everything it printed. */
  readonly output: () => string
  /** Asks it to stop, as Ctrl-C does; resolves with its exit code. */
  readonly interrupt: () => Promise<number | null>
  /** Ends it as a crash would. */
  readonly kill: () => Promise<number | null>
  /** Stops it and removes its data. */
  readonly stop: () => Promise<void>
}

/** Starts the demo, on the data of an earlier one if its folder is given. */
export async function startDemo(earlierFolder?: string): Promise<Demo> {
  const folder = earlierFolder ?? (await mkdtemp(join(tmpdir(), 'demo-')))
  const child = spawn(process.execPath, [entry, 'start', '--demo', '--next-free-port', '--data', folder], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)))
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const end = (signal: NodeJS.Signals) => {
    child.kill(signal)
    return exited
  }
  const url = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`the demo did not start within ${startTimeoutMs / 1000} s:\n${output}`)),
      startTimeoutMs,
    )
    child.stdout.on('data', () => {
      const running = /Millwright is running\s+(http:\S+)/.exec(output)?.[1]
      if (running === undefined) return
      clearTimeout(timer)
      resolve(running)
    })
    child.once('exit', (code) => reject(new Error(`the demo ended with code ${code}:\n${output}`)))
  })
  return {
    url,
    folder,
    output: () => output,
    interrupt: () => end('SIGINT'),
    kill: () => end('SIGKILL'),
    async stop() {
      await end('SIGINT')
      await rm(folder, { recursive: true, force: true })
    },
  }
}
