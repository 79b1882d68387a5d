// A private PostgreSQL server for tests, benchmarks and crash tests: 127.0.0.1 only, in a temporary folder, gone with its owner.
import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { freePort } from './free-port.ts'
import { requireTool } from './tool.ts'

export interface PostgresServer extends AsyncDisposable {
  readonly port: number
  /** Its files; the data lies in `data` below. */
  readonly folder: string
  /** The URL of a database by its name, for the user who may do everything. */
  url(database: string): string
  /** Makes an empty database and gives its URL. */
  createDatabase(): Promise<string>
  /** Ends it in order: connections are cut, everything is written. */
  stop(): Promise<void>
  /** Kills it with SIGKILL, as a crash would, and waits until all its processes are gone. */
  kill(): Promise<void>
  /** Starts it on the same port with the data that it has; it recovers when it was killed. */
  start(): Promise<void>
  /** Immediate shutdown, without writing what is only in its log, and start. */
  restart(): Promise<void>
}

export interface PostgresOptions {
  /** False makes it quicker; what was committed then outlives a kill of its processes, and no crash of the machine. */
  readonly fsync?: boolean
  /** More settings of postgresql.conf. */
  readonly settings?: Readonly<Record<string, string | number>>
}

const user = 'postgres'
const startTimeoutMs = 30_000
const logCharactersMax = 64_000
/** The server asks for a password, so that a wrong one is refused. */
const authentication = 'scram-sha-256'

/** Makes a new server with no data and starts it. */
export async function startPostgres({ fsync = true, settings = {} }: PostgresOptions = {}): Promise<PostgresServer> {
  const owner = await serverUser()
  const folder = await mkdtemp(join(tmpdir(), 'millwright-postgres-'))
  const data = join(folder, 'data')
  const password = randomBytes(12).toString('hex')
  const port = await freePort()
  const unsafe = fsync ? {} : { fsync: 'off', full_page_writes: 'off' }
  const all = { port, listen_addresses: '127.0.0.1', unix_socket_directories: folder, ...unsafe, ...settings }
  const options = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  let server: Running | undefined
  const url = (database: string) => `postgres://${user}:${password}@127.0.0.1:${port}/${database}`

  const start = async () => {
    server = await run(requireTool('postgres', 'postgresql'), ['-D', data, ...options], owner, folder)
  }
  const end = async (signal: NodeJS.Signals) => {
    await server?.end(signal)
    server = undefined
  }
  const dispose = async () => {
    await end('SIGKILL')
    await rm(folder, { recursive: true, force: true })
  }
  try {
    if (owner) await chown(folder, owner.uid, owner.gid)
    await writeFile(join(folder, 'password'), password, { mode: 0o644 })
    await initialize(data, join(folder, 'password'), owner, folder)
    await start()
  } catch (error) {
    await dispose()
    throw error
  }
  return {
    port,
    folder,
    url,
    async createDatabase() {
      const name = `test_${randomBytes(6).toString('hex')}`
      const client = new Client({ connectionString: url('postgres') })
      await client.connect()
      try {
        await client.query(`create database ${name}`)
      } finally {
        await client.end()
      }
      return url(name)
    },
    stop: () => end('SIGINT'),
    kill: () => end('SIGKILL'),
    start,
    async restart() {
      await end('SIGQUIT')
      await start()
    },
    [Symbol.asyncDispose]: dispose,
  }
}

interface User {
  readonly uid: number
  readonly gid: number
}

/** PostgreSQL refuses to run as root: then it runs as the user that its package made, or as nobody. */
async function serverUser(): Promise<User | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const users = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'))
  const found = ['postgres', 'nobody'].map((name) => users.find((fields) => fields[0] === name)).find((fields) => fields !== undefined)
  if (!found) throw new Error('PostgreSQL cannot run as root, and there is no user postgres or nobody: run the tests as another user')
  return { uid: Number(found[2]), gid: Number(found[3]) }
}

async function initialize(data: string, passwordFile: string, owner: User | undefined, cwd: string): Promise<void> {
  const args = ['-D', data, '-U', user, `--pwfile=${passwordFile}`, '-A', authentication, '--encoding=UTF8', '--locale=C', '--no-sync']
  const child = spawn(requireTool('initdb', 'postgresql'), args, { ...owner, cwd, stdio: ['ignore', 'ignore', 'pipe'] })
  const log = logOf(child)
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`initdb ended with ${code}: ${log()}`)
}

interface Running {
  /** Resolves when the server and all its processes are gone. */
  end(signal: NodeJS.Signals): Promise<void>
}

/** Runs the server and resolves when it takes connections. */
async function run(file: string, args: readonly string[], owner: User | undefined, cwd: string): Promise<Running> {
  const child = spawn(file, args, { ...owner, cwd, stdio: ['ignore', 'ignore', 'pipe'] })
  const log = logOf(child)
  // Every process of the server holds this pipe, so it closes when the last one is gone.
  const closed = once(child, 'close')
  closed.catch(() => {})
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal)
    await closed
  }
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const timer = setTimeout(() => reject(new Error(`PostgreSQL is not ready after ${startTimeoutMs} ms: ${log()}`)), startTimeoutMs)
  child.stderr?.on('data', () => {
    if (log().includes('ready to accept connections')) resolve()
  })
  child.once('error', reject)
  child.once('close', () => reject(new Error(`PostgreSQL ended: ${log()}`)))
  try {
    await promise
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  } finally {
    clearTimeout(timer)
  }
  return { end }
}

/** What a process has written to its standard error, the end of it. */
function logOf(child: ChildProcess): () => string {
  let text = ''
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (text = (text + chunk).slice(-logCharactersMax)))
  return () => text
}
