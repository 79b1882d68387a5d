// Server mode: devices put or post JSON to this gateway. The answer 2.04 comes once the values are durable; a repeated request gets
// the answer of its first one and is not recorded again (RFC 7252 §4.5).
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { crc32 } from 'node:zlib'
import { every } from '#core/clock.ts'
import type { Driver, DriverContext, Point } from '#core/driver.ts'
import { NotConnected } from '#core/errors.ts'
import { occasionally } from '#core/occasionally.ts'
import { qualities } from '#core/quality.ts'
import { secondUs, type Micros } from '#core/time.ts'
import { Confirmations } from '#drivers/shared/confirm.ts'
import { JsonReader, newOutcome } from '#drivers/shared/json-payload.ts'
import { aliveIntervalMs, cannotListen } from '#drivers/shared/listen.ts'
import { BlockBodies } from './blocks.ts'
import {
  blockOf,
  blockOption,
  codes,
  decode,
  empty,
  encode,
  isRequest,
  optionNumbers,
  pathOf,
  pathOptions,
  types,
  uintOf,
  uintOption,
  type CoapMessage,
  type Option,
} from './message.ts'
import type { CoapAddress, ServerSettings } from './settings.ts'

/** Bytes of messages taken but not yet on disk; beyond it devices are put off with 5.03. */
const inHandBytesMax = 32 * 1024 * 1024
/** Requests remembered so that repeated ones are known, and for how long (EXCHANGE_LIFETIME, RFC 7252 §4.8.2). */
const rememberedMax = 10_000
const rememberedUs = 247 * secondUs
const wordsMax = 200
/** Content formats that may hold JSON: none said, text/plain and application/json (§12.3). */
const jsonFormats = new Set([undefined, 0, 50])
/** Critical options (odd numbers) that are understood or change nothing here (§5.4.1). */
const knownCritical = new Set<number>([1, 3, 5, 7, 11, 15, 17, 23, 27])

interface Answer {
  readonly code: number
  /** For people, as the payload. */
  readonly words?: string
  readonly options?: readonly Option[]
}

interface Remembered {
  readonly at: Micros
  /** Absent while the request is in hand. */
  answer?: Buffer
}

export class CoapPush implements Driver {
  readonly watchdogMs = 4 * aliveIntervalMs
  #settings: ServerSettings
  #context: DriverContext
  #readers: ReadonlyMap<string, JsonReader>
  #confirmations: Confirmations
  #bodies: BlockBodies
  #warn: (message: string) => void
  /** By sender, message id and checksum, oldest first. */
  #remembered = new Map<string, Remembered>()
  #nextId = 0
  #socket: Socket | undefined
  #stopAlive = () => {}
  #closed = false
  #closing: Promise<void> | undefined

  constructor(settings: ServerSettings, points: readonly Point<CoapAddress>[], context: DriverContext) {
    this.#settings = settings
    this.#context = context
    const paths = Map.groupBy(points.keys(), (index) => plainPath((points[index] as Point<CoapAddress>).address.path))
    this.#readers = new Map(Array.from(paths, ([path, indexes]) => [path, new JsonReader(points, indexes, context)]))
    this.#confirmations = new Confirmations(context.sink, inHandBytesMax)
    this.#bodies = new BlockBodies(context.clock, settings.bodyBytesMax)
    this.#warn = occasionally(context)
  }

  async connect(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.#closed) throw new NotConnected('the CoAP server was closed')
    const { host, port } = this.#settings
    const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4')
    this.#socket = socket
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once('error', (error) => reject(cannotListen(error, this.#settings, 'the CoAP server of this connection')))
        socket.once('close', () => reject(new NotConnected('the CoAP server was closed while it started')))
        socket.bind(port, host, resolve)
      })
      signal.throwIfAborted()
    } catch (error) {
      await this.close()
      throw error
    }
    socket.removeAllListeners('error')
    socket.on('error', (error) => this.#context.lost(new NotConnected(`the CoAP server's port failed: ${error.message}`)))
    socket.on('message', (bytes, from) => this.#receive(bytes, from))
    this.#stopAlive = every(this.#context.clock, aliveIntervalMs, () => this.#context.alive())
    this.#context.log.info(`CoAP server listens on ${host}:${port}`)
  }

  close(): Promise<void> {
    this.#closing ??= this.#end()
    return this.#closing
  }

  async #end(): Promise<void> {
    this.#closed = true
    this.#stopAlive()
    const socket = this.#socket
    if (socket) await new Promise<void>((resolve) => socket.close(resolve))
  }

  #receive(bytes: Buffer, from: RemoteInfo): void {
    if (this.#closed) return
    const message = decode(bytes)
    if (!message) {
      this.#warn(`a datagram from ${from.address} is no CoAP message`)
      // A confirmable message with a format error is rejected by a reset (§4.2); what is of another protocol is not answered.
      if (bytes.length >= 4 && (bytes[0] as number) >> 4 === 4) this.#send(empty(types.rst, bytes.readUInt16BE(2)), from)
      return
    }
    if (message.type === types.ack || message.type === types.rst) return
    if (!isRequest(message.code)) {
      if (message.type === types.con) this.#send(empty(types.rst, message.id), from) // a ping, or an answer to nothing
      return
    }
    const sender = `${from.address} ${from.port}`
    // A repetition is the same in every byte (§4.2). Devices that wake up and count from 1 again use an id anew for another message.
    const key = `${sender} ${message.id} ${crc32(bytes)}`
    const known = this.#remembered.get(key)
    if (known && this.#context.clock.now() - known.at < rememberedUs) {
      if (known.answer) this.#send(known.answer, from)
      return
    }
    const entry: Remembered = { at: this.#context.clock.now() }
    this.#remember(key, entry)
    void this.#respond(message, sender, entry, from)
  }

  async #respond(message: CoapMessage, sender: string, entry: Remembered, from: RemoteInfo): Promise<void> {
    entry.answer = encode(this.#response(message, await this.#answer(message, sender)))
    this.#send(entry.answer, from)
  }

  #remember(key: string, entry: Remembered): void {
    this.#remembered.delete(key)
    this.#remembered.set(key, entry)
    for (const [oldest, { at }] of this.#remembered) {
      if (this.#remembered.size <= rememberedMax && entry.at - at < rememberedUs) return
      this.#remembered.delete(oldest)
    }
  }

  async #answer(message: CoapMessage, sender: string): Promise<Answer> {
    const unknown = message.options.find(({ number }) => number % 2 === 1 && !knownCritical.has(number))
    if (unknown) return { code: codes.badOption, words: `option ${unknown.number} is not understood` }
    const path = pathOf(message)
    const reader = this.#readers.get(path)
    if (!reader) return { code: codes.notFound, words: 'no device puts or posts to this path' }
    if (message.code !== codes.put && message.code !== codes.post) return { code: codes.methodNotAllowed, words: 'use PUT or POST' }
    if (!jsonFormats.has(uintOf(message, optionNumbers.contentFormat)))
      return { code: codes.unsupportedFormat, words: 'send JSON (content format 50)' }
    const block = blockOf(message, optionNumbers.block1)
    if (block === 'invalid') return { code: codes.badOption, words: 'the Block1 option is malformed' }
    if (this.#confirmations.full) return this.#putOff('too much is in hand')
    const error = await this.#confirmations.refusal()
    if (error) return this.#putOff(`readings cannot be kept: ${error.message}`)
    const echo = block ? [blockOption(optionNumbers.block1, block)] : []
    const body = this.#body(message, `${sender} ${path}`)
    if (body === 'more') return { code: codes.continue, options: echo }
    if (body === 'incomplete') return { code: codes.incomplete, words: 'a block is missing: start again with the first' }
    if (body === 'tooLarge') {
      const words = `the message is larger than bodyBytesMax (${this.#settings.bodyBytesMax} bytes)`
      reader.fault(qualities.badDecoding.code, words)
      return { code: codes.tooLarge, words, options: [uintOption(optionNumbers.size1, this.#settings.bodyBytesMax)] }
    }
    return { options: echo, ...(await this.#record(reader, body)) }
  }

  #body(message: CoapMessage, key: string): ReturnType<BlockBodies['add']> {
    const block = blockOf(message, optionNumbers.block1)
    return this.#bodies.add(key, typeof block === 'object' ? block : { index: 0, more: false, size: 1024 }, message.payload)
  }

  async #record(reader: JsonReader, body: Buffer): Promise<Answer> {
    const outcome = newOutcome()
    const notJson = reader.read(body, { outcome })
    if (notJson !== undefined) return { code: codes.badRequest, words: notJson }
    const error = await new Promise<Error | undefined>((resolve) => this.#confirmations.add(body.length, resolve))
    if (error) return this.#putOff(`readings cannot be kept: ${error.message}`)
    const [[field, { reason }] = ['', { reason: '' }]] = outcome.rejected
    if (outcome.rejected.size === 0) return { code: codes.changed }
    return { code: outcome.accepted > 0 ? codes.changed : codes.badRequest, words: `${field === '' ? 'the message' : field}: ${reason}` }
  }

  #putOff(reason: string): Answer {
    this.#warn(`a CoAP device was put off: ${reason}`)
    return { code: codes.unavailable, words: 'send this again later', options: [uintOption(optionNumbers.maxAge, 1)] }
  }

  /** An answer rides on the acknowledgement of a confirmable request; another one gets a message of its own (§5.2). */
  #response({ type, id, token }: CoapMessage, { code, words = '', options = [] }: Answer): CoapMessage {
    const carried = type === types.con
    if (!carried) this.#nextId = (this.#nextId + 1) & 0xffff
    return {
      type: carried ? types.ack : types.non,
      code,
      id: carried ? id : this.#nextId,
      token,
      options,
      payload: Buffer.from(words.slice(0, wordsMax)),
    }
  }

  #send(bytes: Buffer, { port, address }: RemoteInfo): void {
    // A sender whose address takes no datagram is its own harm.
    if (!this.#closed && port > 0) this.#socket?.send(bytes, port, address, () => {})
  }
}

/** A path as a request would carry it, whatever way the address writes it; its query does not count. */
const plainPath = (path: string): string => pathOf({ options: pathOptions(path) })
