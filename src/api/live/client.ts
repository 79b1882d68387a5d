// One browser's subscriptions: remembers which tags have changed and sends their newest samples, at most ten times a second.
import type { Clock } from '#core/clock.ts'
import type { Directory } from '#core/directory.ts'
import { messageOf } from '#core/errors.ts'
import { machineOf, type TagPath } from '#core/path.ts'
import type { Store } from '#core/store.ts'
import { sampleJson } from '#api/sample-json.ts'
import { liveRequestSchema, subscriptionsMax, type LiveMessage } from './schema.ts'
import type { Scope, Subscriptions } from './subscriptions.ts'

const sendPeriodUs = 100_000
/** Bytes waiting in a socket beyond which nothing new is sent: values are lost in between, never the last. */
const waitingBytesMax = 256 << 10
/** Most values of one message; the others come with the next. */
const valuesMax = 2000

export interface Socket {
  readonly bufferedAmount: number
  send(text: string): void
}

export interface LiveClientParts {
  readonly store: Store
  readonly directory: Directory
  readonly clock: Clock
  readonly subscriptions: Subscriptions<LiveClient>
}

export class LiveClient {
  #socket: Socket
  #parts: LiveClientParts
  #wanted = { tags: new Set<string>(), machines: new Set<string>() }
  #changed = new Set<TagPath>()
  #lastSent = 0
  #cancel: (() => void) | undefined

  constructor(socket: Socket, parts: LiveClientParts) {
    this.#socket = socket
    this.#parts = parts
  }

  /** Takes a message of the browser; a wrong one is answered by an error and changes nothing. */
  receive(text: string): void {
    try {
      const request = liveRequestSchema.parse(JSON.parse(text))
      if (request.type === 'subscribe') this.#subscribe(request.tags, request.machines)
      else for (const scope of ['tags', 'machines'] as const) for (const path of request[scope]) this.#remove(scope, path)
    } catch (error) {
      this.#send({ type: 'error', message: `this is no live request: ${messageOf(error).slice(0, 200)}` })
    }
  }

  /** Hears that a tag it wants has new samples. */
  changed(tag: TagPath): void {
    this.#changed.add(tag)
    this.#schedule()
  }

  close(): void {
    this.#cancel?.()
    this.#changed.clear()
    for (const scope of ['tags', 'machines'] as const) for (const path of this.#wanted[scope]) this.#remove(scope, path)
  }

  #subscribe(tags: readonly string[], machines: readonly string[]): void {
    const wanted = { tags: this.#wanted.tags.union(new Set(tags)), machines: this.#wanted.machines.union(new Set(machines)) }
    if (wanted.tags.size + wanted.machines.size > subscriptionsMax)
      return this.#send({ type: 'error', message: `more than ${subscriptionsMax} subscriptions; subscribe to machines instead of tags` })
    this.#wanted = wanted
    const { subscriptions, directory } = this.#parts
    for (const tag of tags) {
      subscriptions.add('tags', tag, this)
      this.#changed.add(tag)
    }
    for (const machine of machines) {
      subscriptions.add('machines', machine, this)
      for (const tag of directory.tags(machine)) this.#changed.add(tag.path)
    }
    return this.#schedule()
  }

  #remove(scope: Scope, path: string): void {
    this.#wanted[scope].delete(path)
    this.#parts.subscriptions.remove(scope, path, this)
  }

  #schedule(): void {
    if (this.#cancel) return
    const { clock } = this.#parts
    // Never longer than a period, also after the clock was set back.
    const waitUs = Math.min(sendPeriodUs, Math.max(0, this.#lastSent + sendPeriodUs - clock.now()))
    this.#cancel = clock.after(waitUs / 1000, () => {
      this.#cancel = undefined
      this.#lastSent = clock.now()
      if (this.#socket.bufferedAmount <= waitingBytesMax) this.#sendChanged()
      if (this.#changed.size > 0) this.#schedule()
    })
  }

  #sendChanged(): void {
    const values: Extract<LiveMessage, { type: 'values' }>['values'] = []
    for (const tag of this.#changed) {
      if (values.length >= valuesMax) break
      this.#changed.delete(tag)
      // It may have been unsubscribed since: a value that nobody updates any more must not arrive late.
      const sample = this.#wants(tag) ? this.#parts.store.latest(tag) : undefined
      if (sample) values.push({ tag, ...sampleJson(sample) })
    }
    if (values.length > 0) this.#send({ type: 'values', values })
  }

  #wants(tag: TagPath): boolean {
    return this.#wanted.tags.has(tag) || this.#wanted.machines.has(machineOf(tag))
  }

  #send(message: LiveMessage): void {
    this.#socket.send(JSON.stringify(message))
  }
}
