// The bound of what the embedded broker retains (the last message of a topic, kept for later subscribers).

/** Most bytes of retained topics and payloads together. */
const retainedBytesMax = 64 * 1024 * 1024
/** What the bookkeeping of one topic takes. */
const overheadBytes = 200

export class RetainedBound {
  #sizes = new Map<string, number>()
  #bytes = 0

  /** Whether a message may be retained; an empty one ends its topic's. */
  admit(topic: string, payloadBytes: number): boolean {
    const before = this.#sizes.get(topic) ?? 0
    const size = payloadBytes === 0 ? 0 : overheadBytes + topic.length + payloadBytes
    if (size > 0 && this.#bytes - before + size > retainedBytesMax) return false
    this.#bytes += size - before
    if (size === 0) this.#sizes.delete(topic)
    else this.#sizes.set(topic, size)
    return true
  }
}
