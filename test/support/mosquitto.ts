// A real Mosquitto server of a test's own, and Mosquitto's command-line clients.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { vi } from 'vitest'
import { freePort } from './free-port.ts'
import { runProgram, startProgram, type Program, type ProgramResult } from './program.ts'
import { requireTool } from './tool.ts'

export interface Mosquitto extends AsyncDisposable {
  readonly port: number
  /** A folder of its own; its persistence lies there. */
  readonly folder: string
  /** Kills it as a crash would. */
  kill(): Promise<void>
  /** Ends it in order, so that it keeps its sessions, and waits. */
  stop(): Promise<void>
  /** Starts it again on the same port with what it kept. */
  start(): Promise<void>
}

/** Starts a server that lets everybody in, unless `configuration` says otherwise (lines of mosquitto.conf, after the listener). */
export async function startMosquitto(
  configuration: (folder: string) => readonly string[] = () => ['allow_anonymous true'],
): Promise<Mosquitto> {
  const folder = await mkdtemp(join(tmpdir(), 'millwright-mosquitto-'))
  const port = await freePort()
  const file = join(folder, 'mosquitto.conf')
  const lines = [`listener ${port} 127.0.0.1`, ...configuration(folder), 'user root', 'persistence true', `persistence_location ${folder}/`]
  await writeFile(file, `${lines.join('\n')}\n`)
  let program: Program | undefined
  const start = async () => {
    const started = startProgram(requireTool('mosquitto', 'mosquitto'), ['-c', file, '-v'])
    program = started
    let exited = false
    void started.ended.then(() => (exited = true))
    await vi.waitFor(
      async () => {
        if (!exited) return answers(port)
        throw new Error(`mosquitto ended: ${started.errors()}`)
      },
      { timeout: 10_000 },
    )
  }
  const end = async (signal: 'SIGKILL' | 'SIGTERM') => {
    await program?.kill(signal)
    program = undefined
  }
  const dispose = async () => {
    await end('SIGKILL')
    await rm(folder, { recursive: true, force: true })
  }
  await start().catch(async (error: unknown) => {
    await dispose()
    throw error
  })
  return {
    port,
    folder,
    start,
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    [Symbol.asyncDispose]: dispose,
  }
}

const answers = (port: number) =>
  new Promise<void>((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve()
    })
    socket.on('error', reject)
  })

/** Publishes with mosquitto_pub and resolves when it has ended (QoS 1: when the message was confirmed). */
export const mosquittoPub = (port: number, topic: string, message: string | Uint8Array, ...more: string[]): Promise<ProgramResult> =>
  runProgram(
    requireTool('mosquitto_pub', 'mosquitto-clients'),
    ['-h', '127.0.0.1', '-p', String(port), '-t', topic, '-s', ...more],
    message,
  )

/** Publishes one message per line. */
export const mosquittoPubLines = (port: number, topic: string, lines: readonly string[], ...more: string[]): Promise<ProgramResult> =>
  runProgram(
    requireTool('mosquitto_pub', 'mosquitto-clients'),
    ['-h', '127.0.0.1', '-p', String(port), '-t', topic, '-l', ...more],
    `${lines.join('\n')}\n`,
  )

/** Subscribes with mosquitto_sub, which prints `topic message` lines, and waits until the server has accepted. */
export async function mosquittoSub(port: number, filter: string, ...more: string[]): Promise<Program> {
  const program = startProgram(requireTool('mosquitto_sub', 'mosquitto-clients'), [
    ...`-h 127.0.0.1 -p ${port} -v -d`.split(' '),
    '-t',
    filter,
    ...more,
  ])
  await vi
    .waitFor(
      () => {
        if (!/Subscribed \(mid|SUBACK/.test(program.output())) throw new Error(`no SUBACK yet: ${program.output()} ${program.errors()}`)
      },
      { timeout: 10_000 },
    )
    .catch(async (error: unknown) => {
      await program.kill()
      throw error
    })
  return program
}
