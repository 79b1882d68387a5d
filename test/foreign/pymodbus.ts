// Starts pymodbus-server.py, a Modbus server of another make, and asks what its store holds.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

type Entry = readonly [address: number, on: boolean] | readonly [address: number, type: string, order: string, value: number | string]
export type PymodbusContent = Record<number, Partial<Record<'holding' | 'input' | 'coil' | 'discrete', readonly Entry[]>>>

export interface Pymodbus {
  readonly port: number
  /** The raw items in the server's own store. */
  items(unit: number, table: string, address: number, count: number): Promise<(number | boolean)[]>
  stop(): Promise<void>
}

/** Throws with the line that installs pymodbus where it is missing. Big integers are written as decimal strings. */
export async function startPymodbus(content: PymodbusContent): Promise<Pymodbus> {
  const child = spawn('/usr/bin/python3', [fileURLToPath(new URL('./pymodbus-server.py', import.meta.url))], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let complaints = ''
  child.stderr.on('data', (chunk) => (complaints += String(chunk)))
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve()))
  child.once('error', (error) => (complaints += error.message))
  child.stdin.on('error', () => {})
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const ask = async (question: unknown): Promise<unknown> => {
    child.stdin.write(`${JSON.stringify(question)}\n`)
    const { value, done } = await lines.next()
    if (!done) return JSON.parse(value)
    if (/No module named|ENOENT/.test(complaints)) throw new Error('pymodbus is missing: sudo apt-get install python3-pymodbus')
    throw new Error(`pymodbus ended: ${complaints}`)
  }
  const { port } = (await ask(content)) as { port: number }
  return {
    port,
    items: async (unit, table, address, count) => (await ask([unit, table, address, count])) as (number | boolean)[],
    async stop() {
      child.kill('SIGKILL')
      await exited
    },
  }
}
