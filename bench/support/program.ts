// Peers' servers: started privately, ended by their process id.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { findTool } from '#test/support/tool.ts'
import type { Scratch } from './scratch.ts'

/** How long a server may take to end in order before it is killed. */
const stopTimeoutMs = 120_000

/** A program of others that is running. */
export interface Peer {
  readonly pid: number
  readonly port: number
  /** Ends it in order, so that everything it holds is on the disk. */
  readonly stop: () => Promise<void>
}

/** The path of a peer's program, or undefined after saying how to get it. */
export function findPeer(name: string, debianPackage: string): string | undefined {
  const file = findTool(name)
  if (file === undefined)
    console.log(`${name} is not here, so it is left out: apt-get install ${debianPackage}, or set its path in ${environmentName(name)}`)
  return file
}

const environmentName = (name: string) => name.toUpperCase().replaceAll('-', '_')

/** Starts a server; it answers some time later. What it writes goes to a file. */
export function startPeer(scratch: Scratch, file: string, args: readonly string[], port: number, logFile: string): Peer {
  const log = openSync(logFile, 'a')
  const child = spawn(file, args, { stdio: ['ignore', log, log] })
  closeSync(log)
  const ended = once(child, 'exit')
  ended.catch(() => {})
  const stop = scratch.atEnd(async () => {
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs)
    await ended
    clearTimeout(timer)
  })
  return { pid: child.pid as number, port, stop }
}
