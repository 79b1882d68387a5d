// A lease that this process holds: renews it, gives it back, and is out by its own clock when it could not be renewed.
import { z } from 'zod'
import type { KV } from '@nats-io/kv'
import type { Clock } from '#core/clock.ts'
import { apiErrors, hasCode } from './setup.ts'

export interface Lease {
  readonly partition: number
  /** Higher than that of every lease of this partition before: who commits shows it, and the database refuses lower ones. */
  readonly token: number
  /** Aborts when the lease is given back, or lost: then its reason is a `LeaseLost`. */
  readonly signal: AbortSignal
  /** Whether it holds, to be asked right before anything that only the owner may do. */
  held(): boolean
  /** Gives it back without a hand-over, to whoever wants it. */
  release(): Promise<void>
}

/** The lease went without a chance to flush. */
export class LeaseLost extends Error {
  override name = 'LeaseLost'
}

/** A lease as it is in the bucket. */
export interface LeaseEntry {
  readonly revision: number
  /** Empty when it was given back. */
  readonly holder: string
  readonly token: number
}

const valueSchema = z.object({ holder: z.string(), token: z.int() })

export async function readLease(bucket: KV, key: string): Promise<LeaseEntry> {
  const entry = await bucket.get(key)
  return entry ? { revision: entry.revision, ...valueSchema.parse(entry.json()) } : { revision: 0, holder: '', token: 0 }
}

/** Writes a lease if it is still at the revision; returns the new one. */
export function writeLease(bucket: KV, key: string, { revision, holder, token }: LeaseEntry): Promise<number> {
  return bucket.put(key, JSON.stringify({ holder, token }), { previousSeq: revision })
}

export class HeldLease implements Lease {
  readonly partition: number
  readonly token: number
  #bucket: KV
  #key: string
  #holder: string
  #clock: Clock
  #validMs: number
  #revision: number
  #validUntilMs = 0
  #cancelExpiry = () => {}
  #ended = new AbortController()
  #renewing: Promise<void> = Promise.resolve()
  #releasing = false

  /** `sentMs`: when the request was sent that took the lease, in the clock's elapsed time. */
  constructor(
    at: { bucket: KV; key: string; clock: Clock; validMs: number; partition: number },
    { revision, holder, token }: LeaseEntry,
    sentMs: number,
  ) {
    this.#bucket = at.bucket
    this.#key = at.key
    this.#clock = at.clock
    this.#validMs = at.validMs
    this.partition = at.partition
    this.token = token
    this.#holder = holder
    this.#revision = revision
    this.#extend(sentMs)
  }

  get signal(): AbortSignal {
    return this.#ended.signal
  }

  held(): boolean {
    return !this.signal.aborted && this.#clock.elapsedMs() < this.#validUntilMs
  }

  /** Never throws: what keeps failing ends when the lease does. */
  async renew(): Promise<void> {
    if (this.#releasing) return
    this.#renewing = this.#renew()
    await this.#renewing
  }

  /** Gives it to whoever wants it. If that cannot be said now, the lease runs out by itself. */
  async release(): Promise<void> {
    this.#releasing = true
    await this.#renewing
    if (!this.held()) return this.#end(new LeaseLost('it ran out before it could be given back'))
    await writeLease(this.#bucket, this.#key, { revision: this.#revision, holder: '', token: this.token }).catch(() => {})
    this.#end()
  }

  async #renew(): Promise<void> {
    if (!this.held()) return
    const sentMs = this.#clock.elapsedMs()
    const entry = { revision: this.#revision, holder: this.#holder, token: this.token }
    try {
      this.#revision = await writeLease(this.#bucket, this.#key, entry)
      this.#extend(sentMs)
    } catch (error) {
      if (hasCode(error, apiErrors.wrongLastSequence)) await this.#findRevision().catch(() => {})
    }
  }

  /** A renewal may have arrived although its answer did not. */
  async #findRevision(): Promise<void> {
    const { revision, holder, token } = await readLease(this.#bucket, this.#key)
    if (holder !== this.#holder || token !== this.token) return this.#end(new LeaseLost(`process ${holder} took it`))
    this.#revision = revision
    await this.#renew()
  }

  #extend(sentMs: number): void {
    if (this.signal.aborted) return
    this.#cancelExpiry()
    this.#validUntilMs = sentMs + this.#validMs
    const expire = () => this.#end(new LeaseLost(`it could not be renewed for ${this.#validMs} ms`))
    this.#cancelExpiry = this.#clock.after(Math.max(0, this.#validUntilMs - this.#clock.elapsedMs()), expire)
  }

  #end(lost?: LeaseLost): void {
    this.#cancelExpiry()
    this.#ended.abort(lost)
  }
}
