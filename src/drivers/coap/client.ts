// Client mode: reads resources of a device that is a CoAP server. Each distinct path is read once for all its points: by notifications
// where the device offers them (RFC 7641), otherwise by polling. A poll also asks again for what was not notified for a while.
import { randomBytes } from 'node:crypto'
import { sleep } from '#core/clock.ts'
import type { Driver, DriverContext, Point } from '#core/driver.ts'
import { messageOf, NotConnected } from '#core/errors.ts'
import { qualities } from '#core/quality.ts'
import type { Micros } from '#core/time.ts'
import { JsonReader } from '#drivers/shared/json-payload.ts'
import { codes, codeText, type CoapMessage } from './message.ts'
import { CoapPeer, observeOf } from './peer.ts'
import type { ClientSettings, CoapAddress } from './settings.ts'

/** Numbers of notifications are 24 bits and wrap; after so long any is new (RFC 7641 §3.4). */
const sequenceHalf = 1 << 23
const sequenceMemoryUs = 128_000_000

/** A resource that does not answer beside others that do is asked again after 1, 2, 4 ... time-outs, at most after so long. */
const silentPauseMsMax = 60_000
/** How long a device may take until it answers for any of its resources. */
const connectTimeoutMs = 14_000

/** One path of the device with what is known of its observation. */
interface Resource {
  readonly path: string
  readonly reader: JsonReader
  readonly token: Buffer
  observed: boolean
  /** When a value came last. */
  heardAt: Micros
  /** To be asked for although it is observed. */
  isDoubtful: boolean
  /** The request that is going on. */
  asking: Promise<void> | undefined
  /** Unanswered requests in a row. */
  silences: number
  /** A silent resource is not asked before. */
  askAgainAt: Micros
  sequence: number
  /** A notification is being completed; the newest that came meanwhile waits. */
  busy: boolean
  waiting: CoapMessage | undefined
}

export class CoapReader implements Driver {
  readonly pollPeriodMs: number
  readonly watchdogMs: number
  #settings: ClientSettings
  #context: DriverContext
  #resources: readonly Resource[]
  #peer: CoapPeer | undefined
  #lastSilence: NotConnected | undefined
  #abort = new AbortController()
  #closing: Promise<void> | undefined

  constructor(settings: ClientSettings, points: readonly Point<CoapAddress>[], context: DriverContext) {
    this.#settings = settings
    this.#context = context
    this.pollPeriodMs = settings.periodMs
    this.watchdogMs = 2 * (Math.max(settings.periodMs, settings.observe ? settings.refreshMs : 0) + settings.timeoutMs) + 5000
    this.#resources = Array.from(
      Map.groupBy(points.keys(), (index) => (points[index] as Point<CoapAddress>).address.path),
      ([path, indexes]) => ({
        path,
        reader: new JsonReader(points, indexes, context),
        token: randomBytes(8),
        observed: false,
        heardAt: 0,
        isDoubtful: false,
        asking: undefined,
        silences: 0,
        askAgainAt: 0,
        sequence: 0,
        busy: false,
        waiting: undefined,
      }),
    )
  }

  async connect(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.#closing) throw new NotConnected('the connection was closed')
    const { host, port, timeoutMs, bodyBytesMax } = this.#settings
    const { clock } = this.#context
    const peer = new CoapPeer({
      host,
      port,
      timeoutMs,
      bodyBytesMax,
      clock,
      heard: () => this.#context.alive(),
      notified: (message) => this.#notified(message),
    })
    this.#peer = peer
    try {
      await peer.open()
      const latest = clock.now() + connectTimeoutMs * 1000
      do await this.poll(signal)
      while (this.#resources.length > 0 && peer.heardAt === 0 && clock.now() < latest)
      if (this.#lastSilence && peer.heardAt === 0) throw this.#lastSilence
    } catch (error) {
      await this.close()
      throw error
    }
  }

  /** Asks for one resource after the other. One that keeps the device waiting is answered beside the next ones. */
  async poll(signal: AbortSignal): Promise<void> {
    const peer = this.#peer
    if (!peer || this.#closing) throw new NotConnected('the connection is closed')
    signal.throwIfAborted()
    for (const resource of this.#resources) {
      if (!this.#isDue(resource)) continue
      resource.asking ??= this.#ask(peer, resource).finally(() => (resource.asking = undefined))
      if (resource.silences > 0) continue
      await this.#waitFor(resource.asking, signal)
      signal.throwIfAborted()
      if (this.#closing) throw new NotConnected('the connection is closed')
    }
    if (this.#lastSilence && this.#resources.every(({ silences }) => silences > 0)) throw this.#lastSilence
  }

  #isDue({ observed, isDoubtful, heardAt, silences, askAgainAt }: Resource): boolean {
    const now = this.#context.clock.now()
    if (silences > 0) return now >= askAgainAt
    return !observed || isDoubtful || now - heardAt >= this.#settings.refreshMs * 1000
  }

  /** Waits for an answer, but not longer than a repetition of the request takes. */
  async #waitFor(asking: Promise<void>, signal: AbortSignal): Promise<void> {
    const answered = new AbortController()
    const abort = () => answered.abort()
    signal.addEventListener('abort', abort, { once: true })
    void asking.then(abort)
    await sleep(this.#context.clock, this.#settings.timeoutMs / 2, answered.signal)
    signal.removeEventListener('abort', abort)
  }

  /** Never throws: what goes wrong is a fault of the resource. */
  async #ask(peer: CoapPeer, resource: Resource): Promise<void> {
    const { observe } = this.#settings
    const { signal } = this.#abort
    try {
      let answer = await peer.get(resource.path, signal, observe ? resource.token : undefined)
      // Some devices fail at observing what they can well be asked for, a large body for instance.
      if (observe && answer.code >= codes.internalError) answer = await peer.get(resource.path, signal)
      if (this.#closing) return
      resource.observed = observe && observeOf(answer) !== undefined
      resource.sequence = observeOf(answer) ?? 0
      resource.isDoubtful = false
      resource.silences = 0
      this.#take(resource, answer)
    } catch (error) {
      if (this.#closing) return
      resource.observed = false
      if (error instanceof NotConnected) this.#noteSilence(resource, error)
      resource.reader.fault(qualities.badNoCommunication.code, `GET ${resource.path}: ${messageOf(error)}`)
    }
  }

  /** A resource did not answer. Whether the device is gone is seen from the others, observed ones too: they are asked now. */
  #noteSilence(resource: Resource, error: NotConnected): void {
    resource.silences += 1
    const pauseMs = Math.min(silentPauseMsMax, this.#settings.timeoutMs * 2 ** (resource.silences - 1))
    resource.askAgainAt = this.#context.clock.now() + pauseMs * 1000
    for (const other of this.#resources) other.isDoubtful = true
    this.#lastSilence = error
  }

  close(): Promise<void> {
    this.#closing ??= this.#end()
    return this.#closing
  }

  async #end(): Promise<void> {
    for (const { path, token, observed } of this.#resources) if (observed) this.#peer?.forget(path, token)
    this.#abort.abort()
    await this.#peer?.close()
  }

  #notified(message: CoapMessage): boolean {
    const resource = this.#resources.find(({ token, observed }) => observed && token.equals(message.token))
    if (!resource || this.#closing) return false
    const sequence = observeOf(message)
    if (sequence === undefined) {
      // The device ends the observation with this answer: the next poll reads, and registers again.
      resource.observed = false
      resource.heardAt = 0
    } else {
      const ahead = (sequence - resource.sequence) & 0xff_ffff
      const forgotten = this.#context.clock.now() - resource.heardAt > sequenceMemoryUs
      if (!forgotten && (ahead === 0 || ahead >= sequenceHalf)) return true // a repetition, or one that was overtaken
      resource.sequence = sequence
      resource.heardAt = this.#context.clock.now()
    }
    if (resource.busy) resource.waiting = message
    else void this.#complete(resource, message)
    return true
  }

  /** Takes a notification, with the blocks that it did not bring along. */
  async #complete(resource: Resource, notification: CoapMessage): Promise<void> {
    resource.busy = true
    for (let next: CoapMessage | undefined = notification; next; next = resource.waiting) {
      resource.waiting = undefined
      try {
        const answer = (await this.#peer?.complete(resource.path, next, this.#abort.signal)) ?? next
        if (!this.#closing) this.#take(resource, answer)
      } catch (error) {
        if (this.#closing) break
        resource.heardAt = 0 // asked for again by the next poll
        resource.reader.fault(qualities.badNoCommunication.code, `notification of ${resource.path}: ${messageOf(error)}`)
      }
    }
    resource.busy = false
  }

  #take(resource: Resource, { code, payload }: CoapMessage): void {
    if (code === codes.content) {
      resource.heardAt = this.#context.clock.now()
      resource.reader.read(payload)
      return
    }
    const quality = code === codes.notFound ? qualities.badUnknownNode : qualities.badDeviceFailure
    const words = payload.length > 0 ? `: ${payload.toString('utf8', 0, 200).replaceAll(/\p{Cc}+/gu, ' ')}` : ''
    resource.reader.fault(quality.code, `the device answers ${codeText(code)} to GET ${resource.path}${words}`)
  }
}
