// Runs real programs for tests, and ends them with the test that started them.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { requireTool } from './tool.ts'

export interface ProgramResult {
  readonly code: number | null
  readonly output: string
  readonly errors: string
}

export interface Program extends AsyncDisposable {
  /** What it has written to its standard output so far. */
  output(): string
  /** What it has written to its standard error so far. */
  errors(): string
  readonly ended: Promise<ProgramResult>
  /** Kills it, as a crash would unless another signal is given, and resolves when it is gone. */
  kill(signal?: NodeJS.Signals): Promise<void>
}

/** node-opcua leaves the text "undefined" in this process's OPENSSL_CONF; openssl in a child would look for that file. */
const environment = () => ({ ...process.env, OPENSSL_CONF: '' })

/** Starts a program whose lines arrive as they are written; `input` goes to its standard input. */
export function startProgram(file: string, args: readonly string[], input?: string | Uint8Array): Program {
  const child = spawn(requireTool('stdbuf', 'coreutils'), ['-oL', '-eL', file, ...args], { stdio: 'pipe', env: environment() })
  const output: Buffer[] = []
  const errors: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk))
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const text = (chunks: Buffer[]) => Buffer.concat(chunks).toString()
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, output: text(output), errors: text(errors) }))
  ended.catch(() => {})
  const kill = async (signal: NodeJS.Signals = 'SIGKILL') => {
    child.kill(signal)
    await ended
  }
  return { output: () => text(output), errors: () => text(errors), ended, kill, [Symbol.asyncDispose]: () => kill() }
}

/** Runs a program to its end. */
export const runProgram = (file: string, args: readonly string[], input?: string | Uint8Array): Promise<ProgramResult> =>
  startProgram(file, args, input).ended
