// HTTP push: devices post JSON readings to /push/<device>. The answer comes once the values are durable; slow, silent and hostile
// senders are cut off by timeouts and bounds of their own.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { defineDriver, type Driver, type DriverContext, type Point } from '#core/driver.ts'
import { occasionally } from '#core/occasionally.ts'
import { qualities } from '#core/quality.ts'
import { Confirmations } from '#drivers/shared/confirm.ts'
import { JsonReader, newOutcome, type Outcome } from '#drivers/shared/json-payload.ts'
import { aliveIntervalMs, ListeningPort } from '#drivers/shared/listen.ts'
import { BodyReader } from './body.ts'
import { addressSchema, settingsSchema, type HttpAddress, type HttpSettings } from './settings.ts'

/** Most bytes of all bodies in hand together. */
const inHandBytesMax = 64 * 1024 * 1024
/** Connections beyond this are closed at once. */
const connectionsMax = 2000
const headerBytesMax = 16 * 1024
const retryLater = { 'retry-after': '1' }
/** How long what a refused sender still sends is read and thrown away. */
const lingerMs = 500

/** An answer other than 200: what was wrong and the mend. */
interface Refusal {
  readonly status: number
  readonly error: string
  readonly message: string
  readonly headers?: Readonly<Record<string, string>>
}

class HttpPush implements Driver {
  readonly watchdogMs = 4 * aliveIntervalMs
  #settings: HttpSettings
  #readers: ReadonlyMap<string, JsonReader>
  #bodies: BodyReader
  #confirmations: Confirmations
  #warn: (message: string) => void
  #server: Server
  #port: ListeningPort
  #inHand = 0
  #closed = false
  #closing: Promise<void> | undefined

  constructor(settings: HttpSettings, points: readonly Point<HttpAddress>[], context: DriverContext) {
    this.#settings = settings
    this.#readers = readersByDevice(points, context)
    this.#bodies = new BodyReader({ bodyBytesMax: settings.bodyBytesMax, totalBytesMax: inHandBytesMax })
    this.#confirmations = new Confirmations(context.sink, Infinity)
    this.#warn = occasionally(context)
    const { requestTimeoutMs } = settings
    this.#server = createServer({
      requestTimeout: requestTimeoutMs,
      headersTimeout: requestTimeoutMs,
      keepAliveTimeout: 30_000,
      connectionsCheckingInterval: Math.min(1000, requestTimeoutMs),
      maxHeaderSize: headerBytesMax,
      keepAlive: true,
    })
    this.#port = new ListeningPort(this.#server, settings, 'HTTP push endpoint', context)
  }

  async connect(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    this.#server.maxConnections = connectionsMax
    this.#server.on('request', (request, response) => void this.#answer(request, response))
    this.#server.on('checkContinue', (request, response) => void this.#answer(request, response, () => response.writeContinue()))
    this.#server.on('drop', () => this.#warn(`more than ${connectionsMax} HTTP connections: one was refused`))
    await this.#port.open(signal)
  }

  close(): Promise<void> {
    this.#closing ??= this.#end()
    return this.#closing
  }

  async #end(): Promise<void> {
    this.#closed = true
    const closed = this.#port.close()
    this.#server.closeAllConnections()
    await closed
  }

  async #answer(request: IncomingMessage, response: ServerResponse, proceed = () => {}): Promise<void> {
    response.on('error', () => {})
    const result = await this.#take(request, proceed)
    if (result === undefined || response.destroyed) return
    const refusal = 'status' in result ? result : undefined
    // What is left of a refused body is not read: the connection ends with the answer.
    const unread = refusal !== undefined && !request.complete
    const body = JSON.stringify(refusal ? { error: refusal.error, message: refusal.message } : result)
    response.writeHead(refusal?.status ?? 200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      ...refusal?.headers,
      ...(unread && { connection: 'close' }),
    })
    response.end(body, () => {
      if (unread) endUnread(request)
    })
  }

  /** What a request is answered with; undefined when nobody is there any more to be answered. */
  async #take(request: IncomingMessage, proceed: () => void): Promise<Refusal | object | undefined> {
    const device = deviceOf(request.url ?? '')
    const reader = device === undefined ? undefined : this.#readers.get(device)
    if (device === undefined) return refuse(404, 'notFound', 'post readings to /push/<device>')
    if (!reader) return refuse(404, 'unknownDevice', 'no device of this name is configured in this connection')
    if (request.method !== 'POST') return refuse(405, 'methodNotAllowed', 'use POST', { allow: 'POST' })
    if (!/^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(request.headers['content-type'] ?? ''))
      return refuse(415, 'unsupportedMediaType', 'send JSON, with the header content-type: application/json')
    if (request.headers['content-encoding'] !== undefined) return refuse(415, 'unsupportedMediaType', 'send the JSON uncompressed')
    if (this.#inHand >= this.#settings.concurrentMax) return this.#busy()
    const error = await this.#confirmations.refusal()
    if (error) return this.#cannotStore(error)
    proceed()
    const body = await this.#bodies.read(request)
    if (body === 'aborted' || this.#closed) return undefined
    if (body === 'tooLarge') {
      const reason = `the message is larger than bodyBytesMax (${this.#settings.bodyBytesMax} bytes)`
      reader.fault(qualities.badDecoding.code, reason)
      return refuse(413, 'tooLarge', `${reason}: send fewer readings at a time`)
    }
    if (body === 'tooMuchInHand' || this.#inHand >= this.#settings.concurrentMax) {
      if (typeof body === 'object') body.release()
      return this.#busy()
    }
    this.#inHand++
    try {
      return await this.#record(reader, body.bytes)
    } finally {
      this.#inHand--
      body.release()
    }
  }

  async #record(reader: JsonReader, bytes: Buffer): Promise<Refusal | object> {
    const outcome = newOutcome()
    const notJson = reader.read(bytes, { outcome })
    if (notJson !== undefined) return refuse(400, 'notJson', notJson)
    const error = await new Promise<Error | undefined>((resolve) => this.#confirmations.add(bytes.length, resolve))
    return error ? this.#cannotStore(error) : answerOf(outcome)
  }

  #cannotStore(error: Error): Refusal {
    this.#warn(`readings could not be kept: ${error.message}`)
    return refuse(503, 'cannotStore', 'the readings cannot be kept now: send them again later', retryLater)
  }

  #busy(): Refusal {
    this.#warn(`too many messages in hand (concurrentMax is ${this.#settings.concurrentMax}): one was put off`)
    return refuse(503, 'busy', 'too much is in hand: send this again later', retryLater)
  }
}

/** The device that a request's path names, or undefined. */
function deviceOf(url: string): string | undefined {
  const name = /^\/push\/([^/?]+)(?:\?|$)/.exec(url)?.[1]
  try {
    return name === undefined ? undefined : decodeURIComponent(name)
  } catch {
    return undefined
  }
}

/** Ends a connection whose body is not read, once the answer has had the time to arrive: a reset at once could overtake it. */
function endUnread(request: IncomingMessage): void {
  const { socket } = request
  const timer = setTimeout(() => socket.destroy(), lingerMs)
  socket.once('close', () => clearTimeout(timer))
  request.resume()
  socket.end()
}

const refuse = (status: number, error: string, message: string, headers: Readonly<Record<string, string>> = {}): Refusal => ({
  status,
  error,
  message,
  headers,
})

function answerOf({ accepted, rejected }: Outcome) {
  return { accepted, rejected: Array.from(rejected, ([field, { reason, count }]) => ({ field, reason, count })) }
}

function readersByDevice(points: readonly Point<HttpAddress>[], context: DriverContext): Map<string, JsonReader> {
  const indexes = Map.groupBy(points.keys(), (index) => (points[index] as Point<HttpAddress>).address.device)
  return new Map(Array.from(indexes, ([device, own]) => [device, new JsonReader(points, own, context)]))
}

export const httpDriver = defineDriver<HttpSettings, HttpAddress>({
  name: 'http',
  title: 'HTTP push',
  description: 'An endpoint to which devices post JSON readings',
  settings: settingsSchema,
  address: addressSchema,
  create: (settings, points, context) => new HttpPush(settings, points, context),
})
