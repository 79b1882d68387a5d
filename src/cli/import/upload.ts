// Posts samples in bounded batches, a bounded number of them under way, until the server has confirmed each.
import type { z } from 'zod'
import type { postResultSchema } from '#api/samples/schema.ts'
import { type Clock, sleep } from '#core/clock.ts'
import { NotConnected, Rejected, RetryLater } from '#core/errors.ts'
import { Refused } from '#cli/server.ts'
import type { PostedSample } from './rows.ts'

export type PostResult = z.infer<typeof postResultSchema>

export const samplesPerPostMax = 5000
/** Roughly, in characters of values and names: long texts close a batch early. */
export const charactersPerPostMax = 512 * 1024
export const postsUnderWayMax = 4
/** Without any success for so long, the server is given up. */
export const giveUpAfterMs = 5 * 60_000
const backoffMs = { first: 500, max: 10_000 }

export interface UploadContext {
  post(samples: readonly PostedSample[], signal: AbortSignal): Promise<PostResult>
  readonly clock: Clock
  /** The server refused one sample of this line. */
  rejected(line: number, tag: string, reason: string): void
  /** The server cannot take anything now: said once per outage. */
  waiting(reason: string): void
}

interface Post {
  readonly samples: PostedSample[]
  /** The line of each sample. */
  readonly lines: number[]
}

/** One import's uploads: `add` samples, `flush` whenever it says full, `end` once. Repeating a post is harmless: samples are idempotent. */
export class Uploader {
  accepted = 0
  rejected = 0
  #context: UploadContext
  #post: Post = { samples: [], lines: [] }
  #characters = 0
  #underWay = new Set<Promise<void>>()
  #abort = new AbortController()
  #failure: unknown
  #lastSuccess: number
  #outage = false

  constructor(context: UploadContext) {
    this.#context = context
    this.#lastSuccess = context.clock.now()
  }

  add(sample: PostedSample, line: number): void {
    this.#post.samples.push(sample)
    this.#post.lines.push(line)
    this.#characters += sample.tag.length + sizeOf(sample.value)
  }

  get full(): boolean {
    return this.#post.samples.length >= samplesPerPostMax || this.#characters >= charactersPerPostMax
  }

  /** Sends what was added; resolves when another batch may be gathered. Throws what made the upload impossible. */
  async flush(): Promise<void> {
    while (this.#underWay.size >= postsUnderWayMax) await Promise.race(this.#underWay)
    if (this.#failure !== undefined) throw this.#failure
    if (this.#post.samples.length === 0) return
    const sending = this.#send(this.#post)
      .catch((error: unknown) => {
        this.#failure ??= error
        this.#abort.abort()
      })
      .finally(() => this.#underWay.delete(sending))
    this.#underWay.add(sending)
    this.#post = { samples: [], lines: [] }
    this.#characters = 0
  }

  /** Sends the rest and waits for every confirmation. */
  async end(): Promise<void> {
    await this.flush()
    await Promise.all(this.#underWay)
    if (this.#failure !== undefined) throw this.#failure
  }

  /** Stops what is under way. */
  async cancel(): Promise<void> {
    this.#abort.abort()
    await Promise.all(this.#underWay)
  }

  async #send(post: Post): Promise<void> {
    const result = await this.#confirmed(post)
    if (result === 'too large') {
      const middle = post.samples.length >> 1
      await this.#send({ samples: post.samples.slice(0, middle), lines: post.lines.slice(0, middle) })
      return this.#send({ samples: post.samples.slice(middle), lines: post.lines.slice(middle) })
    }
    this.accepted += result.accepted
    this.rejected += post.samples.length - result.accepted
    for (const { index, reason } of result.rejected)
      this.#context.rejected(post.lines[index] ?? 0, post.samples[index]?.tag ?? 'a sample', reason)
  }

  /** Posts until the server takes it or says for good that it does not. */
  async #confirmed(post: Post): Promise<PostResult | 'too large'> {
    const { clock } = this.#context
    for (let attempt = 0; ; attempt++) {
      try {
        const result = await this.#context.post(post.samples, this.#abort.signal)
        this.#lastSuccess = clock.now()
        this.#outage = false
        return result
      } catch (error) {
        if (error instanceof Refused && error.status === 413 && post.samples.length > 1) return 'too large'
        if (this.#abort.signal.aborted || !mayPass(error)) throw error
        if (clock.now() - this.#lastSuccess > giveUpAfterMs * 1000)
          throw new Rejected(`the server took nothing for ${giveUpAfterMs / 60_000} minutes; the last reason: ${error.message}`)
        if (!this.#outage) this.#context.waiting(error.message)
        this.#outage = true
        const waitMs = error instanceof RetryLater ? error.afterMs : Math.min(backoffMs.first * 2 ** attempt, backoffMs.max)
        await sleep(clock, Math.max(waitMs, 1), this.#abort.signal)
      }
    }
  }
}

function sizeOf(value: PostedSample['value']): number {
  if (typeof value === 'string') return value.length
  return typeof value === 'object' && value ? 4 * value.data.length : 8
}

function mayPass(error: unknown): error is Error {
  return error instanceof NotConnected || error instanceof RetryLater || (error instanceof Refused && error.status >= 500)
}
