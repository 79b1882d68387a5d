// One browser's subscriptions: remembers which tags have changed and sends their newest samples, at most ten times a second.
import type { Clock } from '#core/clock.ts'
import type { Directory } from '#core/directory.ts'
import { messageOf } from '#core/errors.ts'
import type { Store } from '#core/store.ts'
import { sampleJson } from '#api/sample-json.ts'
import { liveRequestSchema, subscriptionsMax, type LiveMessage } from './schema.ts'

const sendPeriodUs = 100_000
/** Bytes waiting in a socket beyond which nothing new is sent: values are lost in between, never the last. */
const waitingBytesMax = 256 << 10

export interface Socket {
  readonly bufferedAmount: number
  send(text: string): void
}

export class LiveClient {
  #socket: Socket
  #parts: { store: Store; directory: Directory; clock: Clock }
  #tags = new Set<string>()
  #machines = new Set<string>()
  #changed = new Set<string>()
  #lastSent = 0
  #cancel: (() => void) | undefined

  constructor(socket: Socket, parts: { store: Store; directory: Directory; clock: Clock }) {
    this.#socket = socket
    this.#parts = parts
  }

  /** Takes a message of the browser; a wrong one is answered by an error and changes nothing. */
  receive(text: string): void {
    try {
      const request = liveRequestSchema.parse(JSON.parse(text))
      const subscribe = request.type === 'subscribe'
      if (subscribe && this.#tags.size + this.#machines.size + request.tags.length + request.machines.length > subscriptionsMax)
        return this.#send({ type: 'error', message: `more than ${subscriptionsMax} subscriptions; subscribe to machines instead of tags` })
      for (const tag of request.tags) this.#toggle(this.#tags, tag, subscribe)
      for (const machine of request.machines) this.#toggle(this.#machines, machine, subscribe)
      if (!subscribe) return undefined
      for (const tag of request.tags) this.#changed.add(tag)
      for (const machine of request.machines) for (const tag of this.#parts.directory.tags(machine)) this.#changed.add(tag.path)
      return this.#schedule()
    } catch (error) {
      return this.#send({ type: 'error', message: `this is no live request: ${messageOf(error).slice(0, 200)}` })
    }
  }

  /** Hears that a tag of a machine has new samples. */
  changed(tag: string, machine: string): void {
    if (!this.#tags.has(tag) && !this.#machines.has(machine)) return
    this.#changed.add(tag)
    this.#schedule()
  }

  close(): void {
    this.#cancel?.()
    this.#changed.clear()
    this.#tags.clear()
    this.#machines.clear()
  }

  #toggle(set: Set<string>, item: string, on: boolean): void {
    if (on) set.add(item)
    else set.delete(item)
  }

  #schedule(): void {
    if (this.#cancel) return
    const { clock } = this.#parts
    const waitMs = Math.max(0, this.#lastSent + sendPeriodUs - clock.now()) / 1000
    this.#cancel = clock.after(waitMs, () => {
      this.#cancel = undefined
      this.#lastSent = clock.now()
      if (this.#socket.bufferedAmount > waitingBytesMax) return this.#schedule()
      return this.#sendChanged()
    })
  }

  #sendChanged(): void {
    const values = [...this.#changed].flatMap((tag) => {
      const sample = this.#parts.store.latest(tag)
      return sample ? [{ tag, ...sampleJson(sample) }] : []
    })
    this.#changed.clear()
    if (values.length > 0) this.#send({ type: 'values', values })
  }

  #send(message: LiveMessage): void {
    this.#socket.send(JSON.stringify(message))
  }
}
