// Who owns which partition: leases in a NATS bucket. A holder renews its leases and is out when it could not for a while; others take a lease
// only when they saw it unchanged for longer than that, and only if it still is as they saw it (compare and set). So no two hold one, whatever
// the wall clocks say, as long as all clocks run at about the same speed; the database checks the token besides.
import type { KV } from '@nats-io/kv'
import { every, type Clock } from '#core/clock.ts'
import type { Log } from '#core/driver.ts'
import { messageOf } from '#core/errors.ts'
import { HeldLease, LeaseLost, readLease, writeLease, type Lease, type LeaseEntry } from './held-lease.ts'
import { planOwners } from './lease-plan.ts'
import { openBucket, type SetupOptions } from './setup.ts'

export interface LeasesOptions extends SetupOptions {
  readonly log: Log
  /** What the partitions are owned for, e.g. `writer`: letters, digits, dashes. */
  readonly group: string
  /** Of this process; new with every start. */
  readonly id: string
  readonly partitions: number
  /** The ids of those who share the partitions now. Without its own this process gives all of them back. */
  readonly members: () => readonly string[]
  /** The leases of a process that died are taken after about this time. */
  readonly ttlMs?: number
  /** Makes the partition ready. When it throws, the lease is given back and tried again later. */
  readonly taken: (lease: Lease) => Promise<void>
  /** Flushes. The lease holds until this has resolved, then it goes on to another. */
  readonly handOver: (lease: Lease) => Promise<void>
  /** Drops everything without a flush. The lease's signal has told at once; this comes when `taken` or `handOver` run no more. */
  readonly lost: (lease: Lease) => Promise<void>
}

/** Electing another leader of the bucket after a NATS server died takes 4 to 8 seconds. */
const defaultTtlMs = 12_000
/** Parts of that time: how often a lease is renewed, and how long it holds. The rest is for stopping what is under way. */
const renewEvery = 1 / 6
const holdsFor = 0.8
const bucketName = 'millwright-leases'

interface Owned {
  readonly lease: HeldLease
  /** The callbacks about it, one after the other. */
  work: Promise<void>
  leaving: boolean
}

export class Leases {
  #options: LeasesOptions
  #clock: Clock
  #ttlMs: number
  #bucket: KV | undefined
  #owned = new Map<number, Owned>()
  /** The leases of others, and since when they are unchanged, in the clock's elapsed time. */
  #seen = new Map<number, LeaseEntry & { sinceMs: number }>()
  /** Partitions that could not be made ready are left alone until then. */
  #notBeforeMs = new Map<number, number>()
  #round: Promise<void> = Promise.resolve()
  #stopping = false
  #stopRounds = () => {}

  constructor(options: LeasesOptions) {
    this.#options = options
    this.#clock = options.clock
    this.#ttlMs = options.ttlMs ?? defaultTtlMs
  }

  /** Takes what is free of this process's share, and goes on doing so. Throws `ConfigError`. */
  async start(): Promise<void> {
    const periodMs = this.#ttlMs * renewEvery
    this.#bucket = await openBucket(this.#options, bucketName, { timeoutMs: periodMs / 2 })
    const round = () => (this.#round = this.#tendAll())
    await round()
    this.#stopRounds = every(this.#clock, periodMs, round)
  }

  /** The leases that hold now. */
  held(): Lease[] {
    return [...this.#owned.values()].map(({ lease }) => lease).filter((lease) => lease.held())
  }

  /** Hands over everything and resolves when all is flushed and given back. */
  async stop(): Promise<void> {
    this.#stopping = true
    await this.#round
    for (const owned of this.#owned.values()) this.#handOver(owned)
    while (this.#owned.size > 0) await Promise.all([...this.#owned.values()].map(({ work }) => work))
    this.#stopRounds()
  }

  async #tendAll(): Promise<void> {
    const { partitions, members, id } = this.#options
    const plan = this.#stopping ? [] : planOwners(partitions, members())
    const all = Array.from({ length: partitions }, (_, partition) => partition)
    await Promise.all(all.map((partition) => this.#tend(partition, plan[partition] === id)))
  }

  async #tend(partition: number, planned: boolean): Promise<void> {
    const owned = this.#owned.get(partition)
    if (owned) {
      await owned.lease.renew()
      if (!planned) this.#handOver(owned)
      return
    }
    try {
      await this.#look(partition)
      if (planned && !this.#stopping && this.#isFree(partition)) await this.#take(partition)
    } catch {
      // Without JetStream, or when somebody else was quicker: the next round sees what is.
    }
  }

  async #look(partition: number): Promise<void> {
    const entry = await readLease(this.#bucket as KV, this.#key(partition))
    if (this.#seen.get(partition)?.revision !== entry.revision) this.#seen.set(partition, { ...entry, sinceMs: this.#clock.elapsedMs() })
  }

  #isFree(partition: number): boolean {
    const seen = this.#seen.get(partition)
    const nowMs = this.#clock.elapsedMs()
    if (!seen || nowMs < (this.#notBeforeMs.get(partition) ?? 0)) return false
    return seen.holder === '' || seen.holder === this.#options.id || nowMs - seen.sinceMs >= this.#ttlMs
  }

  async #take(partition: number): Promise<void> {
    const bucket = this.#bucket as KV
    const seen = this.#seen.get(partition) as LeaseEntry
    // By the wall clock, so that tokens ascend even if NATS lost its bucket.
    const token = Math.max(seen.token + 1, this.#clock.now())
    const entry = { revision: seen.revision, holder: this.#options.id, token }
    const sentMs = this.#clock.elapsedMs()
    const key = this.#key(partition)
    const revision = await writeLease(bucket, key, entry)
    const at = { bucket, key, partition, clock: this.#clock, validMs: this.#ttlMs * holdsFor }
    const lease = new HeldLease(at, { ...entry, revision }, sentMs)
    const owned: Owned = { lease, leaving: false, work: Promise.resolve() }
    this.#owned.set(partition, owned)
    this.#then(owned, () => this.#makeReady(owned))
    lease.signal.addEventListener('abort', () => this.#then(owned, () => this.#drop(owned)), { once: true })
  }

  async #makeReady({ lease }: Owned): Promise<void> {
    try {
      await this.#options.taken(lease)
    } catch (error) {
      if (lease.signal.aborted) return
      this.#options.log.warn(`partition ${lease.partition} cannot be made ready: ${messageOf(error)}; it is given back and tried again`)
      this.#notBeforeMs.set(lease.partition, this.#clock.elapsedMs() + this.#ttlMs)
      await lease.release()
    }
  }

  #handOver(owned: Owned): void {
    if (owned.leaving) return
    owned.leaving = true
    this.#then(owned, async () => {
      try {
        if (owned.lease.held()) await this.#options.handOver(owned.lease)
      } finally {
        await owned.lease.release()
      }
    })
  }

  /** The end of every lease. */
  async #drop({ lease }: Owned): Promise<void> {
    const { log, lost } = this.#options
    try {
      if (!(lease.signal.reason instanceof LeaseLost)) return
      log.warn(`the lease of partition ${lease.partition} is lost: ${lease.signal.reason.message}`)
      await lost(lease)
    } finally {
      this.#owned.delete(lease.partition)
    }
  }

  #then(owned: Owned, act: () => Promise<void>): void {
    owned.work = owned.work.then(act).catch((error: unknown) => {
      this.#options.log.warn(`partition ${owned.lease.partition}: ${messageOf(error)}`)
    })
  }

  #key(partition: number): string {
    return `${this.#options.group}.${partition}`
  }
}
