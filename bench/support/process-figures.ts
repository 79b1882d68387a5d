// CPU and memory of processes, own and others', as Linux counts them.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** The kernel counts CPU in hundredths of a second (USER_HZ). */
const ticksPerSecond = 100

/** A process and all below it. */
export function processTree(pid: number): number[] {
  const children = readText(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number)
  return [pid, ...children.flatMap(processTree)]
}

/** User and system time so far of a process and all below it, those that have ended included. */
export function cpuSeconds(pid: number): number {
  return processTree(pid).reduce((sum, each) => {
    const fields = readText(`/proc/${each}/stat`).split(') ')[1]?.split(' ') ?? []
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
    return sum + ticks / ticksPerSecond
  }, 0)
}

/** Memory of a process and all below it in bytes; what they share counts once. */
export function memoryBytes(pid: number): number {
  let [own, shared] = [0, 0]
  for (const each of processTree(pid)) {
    const status = readText(`/proc/${each}/status`)
    const bytes = (field: string) => 1024 * Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0)
    own += bytes('RssAnon') + bytes('RssFile')
    shared = Math.max(shared, bytes('RssShmem'))
  }
  return own + shared
}

/** Watches the memory of a process until the result is called, which tells the most there was. */
export function watchMemory(pid: number, periodMs = 100): () => number {
  let most = memoryBytes(pid)
  const timer = setInterval(() => (most = Math.max(most, memoryBytes(pid))), periodMs).unref()
  return () => {
    clearInterval(timer)
    return Math.max(most, memoryBytes(pid))
  }
}

/** What a folder takes of the disk. */
export function folderBytes(folder: string): number {
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(folder, entry.name)
    return sum + (entry.isDirectory() ? folderBytes(path) : 512 * statSync(path).blocks)
  }, 0)
}

/** Empty for a process that has just ended. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
