// Private NATS servers with JetStream for tests, benchmarks and crash tests: one or a cluster, on 127.0.0.1 only, in a temporary folder,
// gone with their owner.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { freePort } from './free-port.ts'
import { requireTool } from './tool.ts'

export interface NatsServer extends AsyncDisposable {
  readonly name: string
  readonly port: number
  readonly url: string
  /** Its files; JetStream's lie in `jetstream` below. */
  readonly folder: string
  /** Ends it in order. */
  stop(): Promise<void>
  /** Kills it with SIGKILL, as a crash would. */
  kill(): Promise<void>
  /** Starts it on the same ports with what it kept, and resolves when it is ready. */
  start(): Promise<void>
}

export interface NatsCluster extends AsyncDisposable {
  /** All its servers, as a client wants them. */
  readonly url: string
  readonly servers: readonly NatsServer[]
  /** The server of that name, as JetStream names the leader of a stream. */
  named(name: string): NatsServer
}

export interface NatsOptions {
  /** More lines of nats-server's configuration. */
  readonly configuration?: readonly string[]
  /** False starts it without JetStream. */
  readonly jetstream?: boolean
}

const startTimeoutMs = 60_000

/** Starts one server with no data. */
export async function startNats(options: NatsOptions = {}): Promise<NatsServer> {
  const server = await makeServer('single', options)
  await server.start()
  return server
}

/** Starts a cluster of servers with no data, and resolves when it has agreed on a leader. */
export async function startNatsCluster(size = 3): Promise<NatsCluster> {
  const routes = await Promise.all(Array.from({ length: size }, () => freePort()))
  const servers = await Promise.all(
    routes.map((port, index) =>
      makeServer(`server-${index + 1}`, {
        configuration: [
          `cluster { name: test, listen: "127.0.0.1:${port}", routes: [${routes.map((other) => `"nats://127.0.0.1:${other}"`).join(', ')}] }`,
        ],
      }),
    ),
  )
  const dispose = async () => {
    await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()))
  }
  await Promise.all(servers.map((server) => server.start())).catch(async (error: unknown) => {
    await dispose()
    throw error
  })
  return {
    url: servers.map(({ url }) => url).join(','),
    servers,
    named: (name) => servers.find((server) => server.name === name) as NatsServer,
    [Symbol.asyncDispose]: dispose,
  }
}

async function makeServer(name: string, { configuration = [], jetstream = true }: NatsOptions): Promise<NatsServer> {
  const folder = await mkdtemp(join(tmpdir(), 'millwright-nats-'))
  const [port, monitor] = await Promise.all([freePort(), freePort()])
  const file = join(folder, 'nats.conf')
  const lines = [
    `server_name: "${name}"`,
    `listen: "127.0.0.1:${port}"`,
    `http: "127.0.0.1:${monitor}"`,
    ...(jetstream ? [`jetstream { store_dir: "${folder}" }`] : []),
    ...configuration,
  ]
  await writeFile(file, `${lines.join('\n')}\n`)
  let child: ChildProcess | undefined
  const end = async (signal: NodeJS.Signals) => {
    const ended = child
    child = undefined
    if (!ended || ended.exitCode !== null || ended.signalCode !== null) return
    ended.kill(signal)
    await once(ended, 'exit')
  }
  return {
    name,
    port,
    url: `nats://127.0.0.1:${port}`,
    folder,
    async start() {
      child = spawn(requireTool('nats-server', 'nats-server'), ['-c', file, '-l', join(folder, 'nats.log')], { stdio: 'ignore' })
      await untilHealthy(monitor, child)
    },
    stop: () => end('SIGINT'),
    kill: () => end('SIGKILL'),
    async [Symbol.asyncDispose]() {
      await end('SIGKILL')
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Asks for the server's health (https://docs.nats.io, monitoring, /healthz): of a cluster it is good when there is a leader. */
async function untilHealthy(monitor: number, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + startTimeoutMs
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${monitor}/healthz`).catch(() => undefined)
    if (answer?.ok) return
    if (child.exitCode !== null) throw new Error(`nats-server ended with ${child.exitCode}`)
    if (performance.now() > deadline) throw new Error(`nats-server is not healthy after ${startTimeoutMs} ms: ${await answer?.text()}`)
    await wait(50)
  }
}

/** A network cable to a server, which can be pulled out: connections are cut, and new ones wait or fail. */
export interface Cable extends AsyncDisposable {
  readonly url: string
  pull(): void
  plug(): void
}

export async function cableTo(port: number): Promise<Cable> {
  const sockets = new Set<Socket>()
  let plugged = true
  const relay = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        near.destroy()
        far.destroy()
      })
    }
    if (plugged) near.pipe(far).pipe(near)
    else near.destroy()
  })
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve))
  return {
    url: `nats://127.0.0.1:${(relay.address() as AddressInfo).port}`,
    pull() {
      plugged = false
      for (const socket of sockets) socket.destroy()
    },
    plug: () => void (plugged = true),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => relay.close(resolve))
    },
  }
}
