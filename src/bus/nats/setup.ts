// What the parts on NATS need from JetStream before they start: that it is ready, and buckets for small values.
import { jetstream, JetStreamApiError } from '@nats-io/jetstream'
import { Kvm, type KV } from '@nats-io/kv'
import { sleep, type Clock } from '#core/clock.ts'
import { ConfigError, messageOf } from '#core/errors.ts'
import type { NatsLink } from './connect.ts'

export interface SetupOptions {
  readonly link: NatsLink
  readonly clock: Clock
  /** How many servers keep what is made new, 1, 3 or 5: by default three of a cluster, and one where there is one. */
  readonly replicas?: number | undefined
}

/** A cluster that starts needs some seconds until it has agreed on a leader. */
const patienceMs = 30_000
const retryMs = 250
const defaultClusterReplicas = 3

/** JetStream's error codes (server/errors.json of nats-server). */
export const apiErrors = {
  noSuitablePeers: 10_005,
  nameInUse: 10_058,
  streamNotFound: 10_059,
  wrongLastSequence: 10_071,
  streamFull: 10_077,
}

export const hasCode = (error: unknown, code: number) => error instanceof JetStreamApiError && error.code === code

export const replicasFor = ({ link, replicas }: SetupOptions): number =>
  replicas ?? (link.connection.info?.cluster === undefined ? 1 : defaultClusterReplicas)

/** Does `act` as soon as JetStream is ready for it. Throws `ConfigError` when that does not come, or when it refuses. */
export async function whenReady<Result>({ link, clock }: SetupOptions, what: string, act: () => Promise<Result>): Promise<Result> {
  for (const deadline = clock.elapsedMs() + patienceMs; ; ) {
    if (link.connection.info && link.connection.info.jetstream !== true)
      throw new ConfigError(
        `the NATS server at ${link.connection.getServer()} runs without JetStream; start it with -js, or with jetstream {} in its configuration`,
      )
    try {
      return await act()
    } catch (error) {
      if (error instanceof ConfigError) throw error
      if (!isTemporary(error) || clock.elapsedMs() > deadline)
        throw new ConfigError(
          `JetStream at ${link.connection.getServer()} cannot ${what}: ${messageOf(error)}; see its servers, their storage limits, and the number of replicas asked for`,
        )
      await sleep(clock, retryMs)
    }
  }
}

export interface BucketOptions {
  /** How long a value lives. */
  readonly ttlMs?: number
  /** How long a request may take. */
  readonly timeoutMs?: number
}

const requestTimeoutMs = 5_000

/** Opens a bucket, making it if need be. */
export function openBucket(options: SetupOptions, name: string, { ttlMs, timeoutMs = requestTimeoutMs }: BucketOptions = {}): Promise<KV> {
  const kvm = new Kvm(jetstream(options.link.connection, { timeout: timeoutMs }))
  return whenReady(options, `keep the bucket ${name}`, () =>
    // Read from the leader only: another server may be behind.
    kvm.create(name, { replicas: replicasFor(options), history: 1, allow_direct: false, ...(ttlMs !== undefined && { ttl: ttlMs }) }),
  )
}

/** Anything but an answer of JetStream (no responders, a time-out) and answers that mean "not now". */
function isTemporary(error: unknown): boolean {
  return !(error instanceof JetStreamApiError) || error.status === 503 || error.code === apiErrors.noSuitablePeers
}
