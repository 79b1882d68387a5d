// Live values: one WebSocket for the whole app. Subscriptions are counted, values arrive in a small store, and listeners hear of a
// change at most once per animation frame. After a reconnect everything wanted is subscribed again.
import type { LiveMessage, LiveRequest } from '#api/live/schema.ts'
import type { SampleJson } from '#api/schema.ts'

/** The part of a reconnecting WebSocket that is used here. */
export interface LiveSocket {
  send(text: string): void
  /** Drops the connection and connects anew, without waiting. */
  reconnect(): void
}

export interface LiveSocketEvents {
  open(): void
  /** The connection ended or could not be made; the next try comes after `retryMs`. */
  lost(retryMs: number): void
  message(text: string): void
}

export interface LiveOptions {
  connect(events: LiveSocketEvents): LiveSocket
  /** Runs `act` before the next picture; not at all while the page is hidden. */
  nextFrame(act: () => void): void
  /** Runs `act` a little later, so that a burst of changes becomes one message. */
  soon(act: () => void): void
  nowMs(): number
}

export interface LiveConnection {
  readonly state: 'connecting' | 'live' | 'offline'
  /** Milliseconds; when the state was entered. */
  readonly since: number
  /** Milliseconds; when the next try is due, null while connected. */
  readonly retryAt: number | null
  /** Rises with each new connection: what was shown before has a hole to be filled. */
  readonly generation: number
  /** The server's latest complaint. */
  readonly error: string | null
}

export interface Wanted {
  readonly tags?: readonly string[]
  readonly machines?: readonly string[]
}

type Scope = 'tags' | 'machines'
const scopes = ['tags', 'machines'] as const

/** Silence after which a failing request makes the connection suspect, in milliseconds. */
const suspectAfterMs = 8000

export class Live {
  #options: LiveOptions
  #socket: LiveSocket
  #wanted = { tags: new Map<string, number>(), machines: new Map<string, number>() }
  #sent = { tags: new Set<string>(), machines: new Set<string>() }
  #values = new Map<string, SampleJson>()
  #pending = new Map<string, SampleJson>()
  #listeners = new Map<string, Set<() => void>>()
  #connectionListeners = new Set<() => void>()
  #connection: LiveConnection
  #heardMs: number
  #paused = false
  #flushing = false
  #drawing = false

  constructor(options: LiveOptions) {
    this.#options = options
    this.#heardMs = options.nowMs()
    this.#connection = { state: 'connecting', since: this.#heardMs, retryAt: null, generation: 0, error: null }
    this.#socket = options.connect({
      open: () => this.#opened(),
      lost: (retryMs) => this.#lost(retryMs),
      message: (text) => this.#received(text),
    })
  }

  /** Asks for values until the returned function is called. */
  want(wanted: Wanted): () => void {
    this.#count(wanted, 1)
    return () => this.#count(wanted, -1)
  }

  /** The newest value by source time, or undefined while none has come. */
  value = (tag: string): SampleJson | undefined => this.#values.get(tag)

  /** Calls `changed` after each new value of a tag, at most once per frame; the returned function ends it. */
  listen(tag: string, changed: () => void): () => void {
    const listeners = this.#listeners.get(tag) ?? new Set()
    this.#listeners.set(tag, listeners.add(changed))
    return () => {
      listeners.delete(changed)
      if (listeners.size === 0 && this.#listeners.get(tag) === listeners) this.#listeners.delete(tag)
    }
  }

  connection = (): LiveConnection => this.#connection

  listenConnection = (changed: () => void): (() => void) => {
    this.#connectionListeners.add(changed)
    return () => this.#connectionListeners.delete(changed)
  }

  /** Tries to connect at once instead of waiting. */
  retry = (): void => this.#socket.reconnect()

  /** A request failed without an answer: a connection that has been silent too is dropped and made again. */
  suspect(): void {
    if (this.#connection.state === 'live' && this.#options.nowMs() - this.#heardMs > suspectAfterMs) this.#socket.reconnect()
  }

  /** Stops the flow while nobody looks; going on fetches the latest values and begins a new generation. */
  pause(paused: boolean): void {
    if (paused === this.#paused) return
    this.#paused = paused
    if (!paused) this.#change({ generation: this.#connection.generation + 1 })
    this.#flushSoon()
  }

  #count(wanted: Wanted, by: 1 | -1): void {
    for (const scope of scopes)
      for (const path of wanted[scope] ?? []) {
        const count = (this.#wanted[scope].get(path) ?? 0) + by
        if (count > 0) this.#wanted[scope].set(path, count)
        else this.#wanted[scope].delete(path)
      }
    this.#flushSoon()
  }

  #flushSoon(): void {
    if (this.#flushing) return
    this.#flushing = true
    this.#options.soon(() => {
      this.#flushing = false
      this.#flush()
    })
  }

  /** Sends the difference between what is wanted and what the server was told. */
  #flush(): void {
    if (this.#connection.state !== 'live') return
    const removed = { tags: this.#difference('tags', false), machines: this.#difference('machines', false) }
    const added = { tags: this.#difference('tags', true), machines: this.#difference('machines', true) }
    if (removed.tags.length + removed.machines.length > 0) {
      this.#send({ type: 'unsubscribe', ...removed })
      this.#forget()
    }
    if (added.tags.length + added.machines.length > 0) this.#send({ type: 'subscribe', ...added })
  }

  #difference(scope: Scope, added: boolean): string[] {
    const sent = this.#sent[scope]
    const wanted = this.#paused ? new Map<string, number>() : this.#wanted[scope]
    const paths = added ? [...wanted.keys()].filter((path) => !sent.has(path)) : [...sent].filter((path) => !wanted.has(path))
    for (const path of paths)
      if (added) sent.add(path)
      else sent.delete(path)
    return paths
  }

  #send(message: LiveRequest): void {
    this.#socket.send(JSON.stringify(message))
  }

  /** Values nobody updates any more must not come back later looking fresh. */
  #forget(): void {
    if (this.#paused) return
    for (const tag of this.#values.keys())
      if (!this.#sent.tags.has(tag) && !this.#sent.machines.has(tag.slice(0, tag.lastIndexOf('/')))) {
        this.#values.delete(tag)
        this.#pending.delete(tag)
      }
  }

  #opened(): void {
    this.#heardMs = this.#options.nowMs()
    this.#sent.tags.clear()
    this.#sent.machines.clear()
    this.#change({ state: 'live', since: this.#heardMs, retryAt: null, generation: this.#connection.generation + 1, error: null })
    this.#flush()
  }

  #lost(retryMs: number): void {
    const now = this.#options.nowMs()
    const since = this.#connection.state === 'offline' ? this.#connection.since : now
    this.#change({ state: 'offline', since, retryAt: now + retryMs })
  }

  #received(text: string): void {
    this.#heardMs = this.#options.nowMs()
    const message = readMessage(text)
    if (!message) return this.#change({ error: 'The server sent a live message that this page does not understand; reload the page.' })
    if (message.type === 'error') return this.#change({ error: message.message })
    for (const { tag, time, value, quality } of message.values) {
      const known = this.#pending.get(tag) ?? this.#values.get(tag)
      // Times are ISO 8601 of one length, so they compare as text. The newest source time wins, not the last arrival.
      if (!known || known.time <= time) this.#pending.set(tag, { time, value, quality })
    }
    if (this.#drawing || this.#pending.size === 0) return
    this.#drawing = true
    this.#options.nextFrame(() => this.#publish())
  }

  #publish(): void {
    this.#drawing = false
    const changed = [...this.#pending.keys()]
    for (const [tag, sample] of this.#pending) this.#values.set(tag, sample)
    this.#pending.clear()
    for (const tag of changed) for (const listener of this.#listeners.get(tag) ?? []) listener()
  }

  #change(change: Partial<LiveConnection>): void {
    this.#connection = { ...this.#connection, ...change }
    for (const listener of this.#connectionListeners) listener()
  }
}

/** A live message after a look at its shape, or undefined. */
function readMessage(text: string): LiveMessage | undefined {
  try {
    const message = JSON.parse(text) as Partial<LiveMessage> | null
    if (message?.type === 'values' && Array.isArray(message.values)) return message as LiveMessage
    if (message?.type === 'error' && typeof message.message === 'string') return message as LiveMessage
  } catch {
    // Falls through: not JSON is not a message.
  }
  return undefined
}
