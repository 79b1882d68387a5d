// Client mode: reads resources of a device that is a CoAP server. Each distinct path is read once for all its points: by notifications
// where the device offers them (RFC 7641), otherwise by polling. A poll also asks again for what was not notified for a while.
import { randomBytes } from 'node:crypto'
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

/** One path of the device with what is known of its observation. */
interface Resource {
  readonly path: string
  readonly reader: JsonReader
  readonly token: Buffer
  observed: boolean
  /** When a value came last. */
  heardAt: Micros
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
    this.#peer = new CoapPeer({
      host,
      port,
      timeoutMs,
      bodyBytesMax,
      clock: this.#context.clock,
      heard: () => this.#context.alive(),
      notified: (message) => this.#notified(message),
    })
    try {
      await this.#peer.open()
      await this.poll(signal)
    } catch (error) {
      await this.close()
      throw error
    }
  }

  async poll(signal: AbortSignal): Promise<void> {
    const peer = this.#peer
    if (!peer || this.#closing) throw new NotConnected('the connection is closed')
    const start = this.#context.clock.now()
    const both = AbortSignal.any([signal, this.#abort.signal])
    for (const resource of this.#resources) {
      const { clock } = this.#context
      if (resource.observed && clock.now() - resource.heardAt < this.#settings.refreshMs * 1000) continue
      try {
        let answer = await peer.get(resource.path, both, this.#settings.observe ? resource.token : undefined)
        // Some devices fail at observing what they can well be asked for, a large body for instance.
        if (this.#settings.observe && answer.code >= codes.internalError) answer = await peer.get(resource.path, both)
        resource.observed = this.#settings.observe && observeOf(answer) !== undefined
        resource.sequence = observeOf(answer) ?? 0
        this.#take(resource, answer)
      } catch (error) {
        signal.throwIfAborted()
        // A device that answered something else just now is there: only this resource is not.
        if (this.#closing || (error instanceof NotConnected && peer.heardAt < start)) throw error
        resource.observed = false
        resource.reader.fault(qualities.badNoCommunication.code, `GET ${resource.path}: ${messageOf(error)}`)
      }
    }
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
