// A small HTTP server on loopback that injects faults and tells the ground truth:
//   POST /faults (FaultRequest → Fault)   GET /faults   GET /machines
// Errors answer {error, message}. Only JSON is taken, so that no web page of another origin can post here.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ConfigError, messageOf, Rejected } from '#core/errors.ts'
import { faultRequestSchema } from '#core/fault.ts'
import type { Fleet } from './fleet.ts'

const bodyBytesMax = 16 * 1024
const connectionsMax = 64
const requestTimeoutMs = 10_000

export interface ControlServer {
  readonly address: string
  stop(): Promise<void>
}

/** `option` names where the port comes from. Throws `ConfigError` when the port is taken. */
export async function startControlServer(port: number, option: string, fleet: Fleet): Promise<ControlServer> {
  const server = createServer({ requestTimeout: requestTimeoutMs }, (request, response) => void answer(request, response, fleet))
  server.maxConnections = connectionsMax
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  } catch (error) {
    throw new ConfigError(
      `port ${port} for the simulators' fault control cannot be used: ${messageOf(error)}; free it, or set ${option} in the plant file to another one`,
    )
  }
  const { port: actual } = server.address() as AddressInfo
  return {
    address: `http://127.0.0.1:${actual}`,
    async stop() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

class Refusal extends Error {
  readonly status: number
  readonly title: string
  constructor(status: number, title: string, message: string) {
    super(message)
    this.status = status
    this.title = title
  }
}

async function answer(request: IncomingMessage, response: ServerResponse, fleet: Fleet): Promise<void> {
  try {
    send(response, 200, await resultOf(request, fleet))
  } catch (error) {
    if (error instanceof Refusal) send(response, error.status, { error: error.title, message: error.message })
    else if (error instanceof Rejected) send(response, 400, { error: 'Bad Request', message: error.message })
    else send(response, 500, { error: 'Internal Server Error', message: messageOf(error) })
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  if (response.destroyed) return
  // A refused body may still be on its way; the connection ends with the answer rather than reading it.
  if (status === 413) response.setHeader('connection', 'close')
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

async function resultOf(request: IncomingMessage, fleet: Fleet): Promise<unknown> {
  const path = (request.url ?? '/').split('?')[0]
  if (path !== '/faults' && path !== '/machines')
    throw new Refusal(404, 'Not Found', `there is no ${path}; ask for GET /machines, GET /faults or POST /faults`)
  if (request.method === 'GET') return path === '/faults' ? fleet.faults : fleet.machines
  if (request.method !== 'POST' || path !== '/faults')
    throw new Refusal(405, 'Method Not Allowed', `${path} takes ${path === '/faults' ? 'GET and POST' : 'GET'}`)
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? ''))
    throw new Refusal(415, 'Unsupported Media Type', 'send the fault as JSON with content-type: application/json')
  const parsed = faultRequestSchema.safeParse(await readJson(request))
  if (parsed.success) return fleet.inject(parsed.data)
  throw new Refusal(
    400,
    'Bad Request',
    parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`).join('; '),
  )
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > bodyBytesMax) throw new Refusal(413, 'Payload Too Large', `the body is larger than ${bodyBytesMax} bytes`)
    chunks.push(chunk)
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch (error) {
    throw new Refusal(400, 'Bad Request', `the body is no JSON: ${messageOf(error)}`)
  }
}
