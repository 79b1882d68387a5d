// Serves a machine's values as JSON over CoAP (RFC 7252): GET, and Observe (RFC 7641) with a notification per snapshot. No DTLS.
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ObserveWriteStream, type OutgoingMessage, type Server } from 'coap'
import { z } from 'zod'
import { formatTime } from '#core/time.ts'
import { listenError } from './listen-error.ts'
import { defineProtocol, type ServerContext } from './protocol-server.ts'

const settingsSchema = z.strictObject({
  host: z.string().default('127.0.0.1'),
  port: z.coerce.number().int().min(1).max(65_535),
  path: z.string().regex(/^\//, 'write the resource as /sensor').default('/sensor'),
})

/** Most observers at a time; a further one takes the place of the oldest. */
export const observersMax = 32
/** An observer of the kind that acknowledges is gone when it has not for so long. */
const silenceMs = 60_000
/** Message types (RFC 7252, section 3). */
const confirmable = 0
const acknowledgement = 2

export const coapServer = defineProtocol({
  name: 'coap',
  settings: settingsSchema,
  create(settings: z.infer<typeof settingsSchema>, context: ServerContext) {
    const { machine, clock } = context
    const counters = { answered: 0, notified: 0 }
    /** Observers, the oldest first, with the address of those that acknowledge. */
    const observers = new Map<ObserveWriteStream, string | undefined>()
    /** When each peer last sent something confirmable or acknowledged something, in µs. */
    const heard = new Map<string, number>()
    let socket: Socket | undefined
    let server: Server | undefined

    const body = () => {
      const { time, values } = machine.latest()
      return JSON.stringify({ timestamp: formatTime(time), ...values })
    }

    function answer(request: IncomingMessage, response: OutgoingMessage | ObserveWriteStream): void {
      response.on('error', () => {})
      const problem = request.url.split('?')[0] !== settings.path ? '4.04' : request.method !== 'GET' ? '4.05' : undefined
      if (problem) {
        response.statusCode = problem
        response.end()
        return
      }
      counters.answered++
      response.setOption('Content-Format', 'application/json')
      if (!isObserver(response)) {
        response.end(body())
        return
      }
      const [oldest] = observers.keys()
      if (oldest && observers.size >= observersMax) oldest.end()
      const address = addressOf(request.rsinfo)
      observers.set(response, heard.has(address) ? address : undefined)
      response.on('finish', () => observers.delete(response))
      response.write(body())
    }

    return {
      counters,
      async start() {
        // A socket of our own: the library would share the port with another program, and would not tell who is still there.
        const opened = createSocket({ type: settings.host.includes(':') ? 'udp6' : 'udp4', reuseAddr: false })
        try {
          opened.bind(settings.port, settings.host)
          await once(opened, 'listening')
        } catch (error) {
          opened.close()
          throw listenError(error, settings.port, 'CoAP', context)
        }
        opened.on('error', () => {})
        opened.on('message', (message: Buffer, peer: RemoteInfo) => {
          const type = ((message[0] ?? 0) >> 4) & 3
          if (type !== confirmable && type !== acknowledgement) return
          const address = addressOf(peer)
          if (heard.has(address) || heard.size < 4 * observersMax) heard.set(address, clock.now())
        })
        const created = createServer((request: IncomingMessage, response: OutgoingMessage | ObserveWriteStream) =>
          answer(request, response),
        )
        created.on('error', () => {})
        created.listen(opened)
        socket = opened
        server = created
      },
      publish() {
        const oldest = clock.now() - silenceMs * 1000
        for (const [address, time] of heard) if (time < oldest) heard.delete(address)
        if (observers.size === 0) return
        const json = body()
        for (const [observer, address] of observers) {
          if (address !== undefined && !heard.has(address)) observer.end()
          else {
            observer.write(json)
            counters.notified++
          }
        }
      },
      async stop() {
        for (const observer of observers.keys()) observer.end()
        observers.clear()
        heard.clear()
        server?.close()
        server = undefined
        const closed = socket
        socket = undefined
        if (closed) await new Promise<void>((resolve) => closed.close(() => resolve()))
      },
    }
  },
})

const addressOf = ({ address, port }: { address: string; port: number }) => `${address}:${port}`

/** The library answers a request with Observe: 0 by a stream of its own kind: one that can be reset. */
function isObserver(response: OutgoingMessage | ObserveWriteStream): response is ObserveWriteStream {
  return '_counter' in response
}
