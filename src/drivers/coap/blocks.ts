// Bodies that devices send in blocks (RFC 7959 §2.5), gathered until they are whole. Their number, size and age are bounded.
import type { Clock } from '#core/clock.ts'
import { secondUs, type Micros } from '#core/time.ts'
import type { Block } from './message.ts'

/** Most unfinished bodies; the oldest gives way. */
const bodiesMax = 256
/** Most bytes of all unfinished bodies together; the oldest give way. */
const totalBytesMax = 64 * 1024 * 1024
/** A body whose next block does not come for so long is forgotten (EXCHANGE_LIFETIME, RFC 7252 §4.8.2). */
const lifetimeUs = 247 * secondUs

interface Body {
  readonly parts: Buffer[]
  length: number
  at: Micros
}

export class BlockBodies {
  #clock: Clock
  #bodyBytesMax: number
  /** Oldest first. */
  #bodies = new Map<string, Body>()
  #bytes = 0

  constructor(clock: Clock, bodyBytesMax: number) {
    this.#clock = clock
    this.#bodyBytesMax = bodyBytesMax
  }

  /** Adds a block to the body that `key` sends: the whole body, `more` when blocks are missing, or why it is refused. */
  add(key: string, block: Block, payload: Buffer): Buffer | 'more' | 'incomplete' | 'tooLarge' {
    const body = block.index === 0 ? { parts: [], length: 0, at: 0 } : this.#bodies.get(key)
    this.#drop(key)
    if (!body || body.length !== block.index * block.size || (block.more && payload.length !== block.size)) return 'incomplete'
    if (body.length + payload.length > this.#bodyBytesMax) return 'tooLarge'
    body.parts.push(Buffer.from(payload))
    body.length += payload.length
    if (!block.more) return Buffer.concat(body.parts)
    body.at = this.#clock.now()
    this.#bodies.set(key, body)
    this.#bytes += body.length
    this.#forgetOld()
    return 'more'
  }

  #forgetOld(): void {
    for (const [key, { at }] of this.#bodies) {
      if (this.#bodies.size <= bodiesMax && this.#bytes <= totalBytesMax && this.#clock.now() - at < lifetimeUs) return
      this.#drop(key)
    }
  }

  #drop(key: string): void {
    this.#bytes -= this.#bodies.get(key)?.length ?? 0
    this.#bodies.delete(key)
  }
}
