// The client's side of CoAP with one device: requests with repetition (RFC 7252 §4.2), answers that come apart, bodies in blocks
// (RFC 7959), and notifications handed on to whoever observes. One UDP socket, connected, so that only the device is heard.
import { randomBytes } from 'node:crypto'
import { createSocket, type Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import type { Clock } from '#core/clock.ts'
import { NotConnected, Rejected } from '#core/errors.ts'
import type { Micros } from '#core/time.ts'
import { networkReason } from '#drivers/shared/network-reason.ts'
import {
  blockOf,
  blockOption,
  codes,
  codeText,
  decode,
  empty,
  encode,
  isRequest,
  isResponse,
  optionNumbers,
  optionOf,
  pathOptions,
  types,
  uintOf,
  uintOption,
  type CoapMessage,
  type Option,
} from './message.ts'

/** First wait before a request is repeated; it doubles each time (ACK_TIMEOUT, §4.8). */
const acknowledgeTimeoutMs = 2000

export interface PeerOptions {
  readonly host: string
  readonly port: number
  readonly timeoutMs: number
  readonly bodyBytesMax: number
  readonly clock: Clock
  /** Any message of the device came. */
  heard(): void
  /** A message came for a token that no request waits for; false when nobody wants it, so that the device stops. */
  notified(message: CoapMessage): boolean
}

interface Pending {
  readonly id: number
  settle(answer: CoapMessage | Error): void
  acknowledged(): void
}

export class CoapPeer {
  /** When the device was heard last. */
  heardAt: Micros = 0
  #options: PeerOptions
  #socket: Socket
  #pending = new Map<string, Pending>()
  #nextId = randomBytes(2).readUInt16BE()
  #closed = false

  constructor(options: PeerOptions) {
    this.#options = options
    this.#socket = createSocket(isIPv6(options.host) ? 'udp6' : 'udp4')
    this.#socket.on('message', (bytes) => this.#receive(bytes))
    this.#socket.on('error', (error) => this.#failAll(error))
  }

  async open(): Promise<void> {
    const { host, port } = this.#options
    const connected = Promise.withResolvers<void>()
    this.#socket.once('error', connected.reject)
    this.#socket.once('connect', connected.resolve)
    this.#socket.connect(port, host)
    await connected.promise.catch((error: unknown) => {
      throw this.#notConnected(networkReason(error))
    })
    this.#socket.off('error', connected.reject)
    if (this.#closed) throw this.#notConnected('it was closed while it connected')
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#failAll(new Error('the connection was closed'))
    await new Promise<void>((resolve) => this.#socket.close(resolve))
  }

  /**
   * Reads a resource, all blocks of it. With `observe`, registers for its changes under that token.
   * Throws `NotConnected` without an answer in time, and `Rejected` for an answer that cannot be used.
   */
  async get(path: string, signal: AbortSignal, observe?: Buffer): Promise<CoapMessage> {
    const options = [...pathOptions(path), ...(observe ? [uintOption(optionNumbers.observe, 0)] : [])]
    const first = await this.#request(options, observe ?? randomBytes(8), signal)
    return this.complete(path, first, signal)
  }

  /** Fetches what is missing when a message holds only the first block of its body. */
  async complete(path: string, first: CoapMessage, signal: AbortSignal): Promise<CoapMessage> {
    const { bodyBytesMax } = this.#options
    const parts: Buffer[] = []
    let length = 0
    let message = first
    for (;;) {
      const block = blockOf(message, optionNumbers.block2)
      if (block === 'invalid' || (block && block.index * block.size !== length) || (!block && length > 0))
        throw new Rejected('its answer came in blocks that do not fit together')
      parts.push(message.payload)
      length += message.payload.length
      if (length > bodyBytesMax) throw new Rejected(`its answer is larger than bodyBytesMax (${bodyBytesMax} bytes)`)
      if (!block?.more) return { ...first, payload: Buffer.concat(parts) }
      if (message.payload.length !== block.size) throw new Rejected('its answer came in blocks that do not fit together')
      const next = blockOption(optionNumbers.block2, { index: block.index + 1, more: false, size: block.size })
      message = await this.#request([...pathOptions(path), next], randomBytes(8), signal)
      if (message.code !== first.code) throw new Rejected(`it answered ${codeText(message.code)} amid the blocks of its answer`)
      if (!sameTag(first, message)) throw new Rejected('its value changed while its blocks were read')
    }
  }

  /** Tells the device to stop notifying; nobody waits for its answer. */
  forget(path: string, token: Buffer): void {
    const options = [...pathOptions(path), uintOption(optionNumbers.observe, 1)]
    this.#send(encode({ type: types.non, code: codes.get, id: this.#id(), token, options, payload: Buffer.alloc(0) }))
  }

  #request(options: readonly Option[], token: Buffer, signal: AbortSignal): Promise<CoapMessage> {
    const { clock, timeoutMs } = this.#options
    const key = token.toString('hex')
    const id = this.#id()
    const bytes = encode({ type: types.con, code: codes.get, id, token, options, payload: Buffer.alloc(0) })
    return new Promise((resolve, reject) => {
      if (this.#closed || signal.aborted) return reject(this.#notConnected('the request was given up'))
      let cancelRepeat = () => {}
      let waitMs = Math.min(acknowledgeTimeoutMs, timeoutMs / 3)
      const transmit = () => {
        cancelRepeat = clock.after(waitMs, transmit)
        waitMs *= 2
        this.#send(bytes)
      }
      const abort = () => settle(this.#notConnected('the request was given up'))
      const settle = (answer: CoapMessage | Error) => {
        cancelRepeat()
        cancelTimeout()
        signal.removeEventListener('abort', abort)
        this.#pending.delete(key)
        if (answer instanceof Error) reject(answer)
        else resolve(answer)
      }
      const cancelTimeout = clock.after(timeoutMs, () => settle(this.#notConnected(`no answer within ${timeoutMs} ms`)))
      signal.addEventListener('abort', abort, { once: true })
      this.#pending.set(key, { id, settle, acknowledged: () => cancelRepeat() })
      transmit()
    })
  }

  #receive(bytes: Buffer): void {
    const message = decode(bytes)
    if (!message || this.#closed) return
    const { type, code, id, token } = message
    const ofRequest =
      type === types.ack || type === types.rst ? [...this.#pending.values()].find((pending) => pending.id === id) : undefined
    if (type === types.rst) {
      if (ofRequest) this.#hear()
      return ofRequest?.settle(new Rejected('it does not understand the request (reset)'))
    }
    if (code === codes.empty) {
      if (type === types.con)
        this.#send(empty(types.rst, id)) // a ping
      else if (ofRequest) {
        this.#hear()
        ofRequest.acknowledged()
      }
      return
    }
    const pending = isResponse(code) ? this.#pending.get(token.toString('hex')) : undefined
    if (pending && (type !== types.ack || pending === ofRequest)) {
      this.#hear()
      if (type === types.con) this.#send(empty(types.ack, id))
      pending.settle(message)
    } else if (type !== types.ack) {
      const wanted = isResponse(code) && this.#options.notified(message)
      if (wanted) this.#hear()
      if (wanted ? type === types.con : !isRequest(code) || type === types.con) this.#send(empty(wanted ? types.ack : types.rst, id))
    }
  }

  #hear(): void {
    this.heardAt = this.#options.clock.now()
    this.#options.heard()
  }

  #send(bytes: Buffer): void {
    if (this.#closed) return
    try {
      this.#socket.send(bytes, (error) => {
        if (error) this.#failAll(error)
      })
    } catch (error) {
      this.#failAll(error as Error)
    }
  }

  #failAll(error: Error): void {
    const reason = networkReason(error)
    for (const pending of this.#pending.values()) pending.settle(this.#notConnected(reason))
  }

  #id(): number {
    this.#nextId = (this.#nextId + 1) & 0xffff
    return this.#nextId
  }

  #notConnected(reason: string): NotConnected {
    return new NotConnected(`the CoAP device at ${this.#options.host}:${this.#options.port}: ${reason}`)
  }
}

/** Whether two answers are of the same representation, as far as the device says. */
function sameTag(a: CoapMessage, b: CoapMessage): boolean {
  const [first, second] = [optionOf(a, optionNumbers.etag), optionOf(b, optionNumbers.etag)]
  return first === undefined || second === undefined || first.equals(second)
}

/** The sequence number of a notification, or undefined when the answer promises no further ones. */
export const observeOf = (message: CoapMessage): number | undefined => uintOf(message, optionNumbers.observe)
