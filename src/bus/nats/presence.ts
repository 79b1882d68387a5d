// Who is there: every process of whatever role leaves a heartbeat in a NATS bucket, and sees those of the others. For health and for finding
// each other; nothing that must not go wrong depends on it.
import { z } from 'zod'
import type { KvEntry } from '@nats-io/kv'
import { every, sleep } from '#core/clock.ts'
import type { Log } from '#core/driver.ts'
import type { Micros } from '#core/time.ts'
import { openBucket, whenReady, type SetupOptions } from './setup.ts'

export const memberSchema = z.strictObject({
  role: z.string(),
  /** Random, new with every start. */
  id: z.string(),
  host: z.string(),
  pid: z.int(),
  version: z.string(),
  /** Microseconds; when it started. */
  since: z.int(),
  /** Where it can be reached, e.g. `http://10.0.0.7:8080`. */
  addresses: z.array(z.string()),
  /** Whatever is worth a look, with the unit in the name, e.g. `rowsInMemory`. */
  numbers: z.record(z.string(), z.number()),
})
export type Member = z.infer<typeof memberSchema>

export interface PresenceOptions extends SetupOptions {
  readonly log: Log
  readonly member: Omit<Member, 'numbers' | 'since'>
  /** Asked at every heartbeat. */
  readonly numbers?: () => Record<string, number>
  readonly heartbeatMs?: number
}

export interface Presence {
  /** Who is there now, of one role or of all, this process included until it leaves; by role and id. */
  members(role?: string): Member[]
  /** Says good-bye, so that the others need not wait for it. */
  leave(): Promise<void>
}

const defaultHeartbeatMs = 2_000
/** So many heartbeats without news, and a member is gone. */
const missedMax = 3
const bucketName = 'millwright-members'
const membersMax = 10_000

/** Joins and resolves when the others can see it, and it them. Throws `ConfigError`. */
export async function joinPresence(options: PresenceOptions): Promise<Presence> {
  const { link, clock, log, member, numbers = () => ({}), heartbeatMs = defaultHeartbeatMs } = options
  const bucket = await openBucket(options, bucketName, { ttlMs: 10 * heartbeatMs, timeoutMs: heartbeatMs })
  const since: Micros = clock.now()
  const key = `${member.role}.${member.id}`
  let own: Member = { ...member, since, numbers: {} }
  const others = new Map<string, { member: Member; heardMs: number }>()
  const leaving = new AbortController()
  let heardOwnMs = clock.elapsedMs()
  let stopListening = () => {}

  const beat = async () => {
    own = { ...own, numbers: numbers() }
    await bucket.put(key, JSON.stringify(own))
  }
  const hear = (entry: KvEntry) => {
    const heardMs = clock.elapsedMs()
    const read = entry.operation === 'PUT' ? readMember(entry) : undefined
    if (entry.key === key) heardOwnMs = heardMs
    else if (!read) others.delete(entry.key)
    else if (others.size < membersMax || others.has(entry.key)) others.set(entry.key, { member: read, heardMs })
  }
  const follow = async (ready: () => void) => {
    while (!leaving.signal.aborted) {
      try {
        const news = await bucket.watch()
        heardOwnMs = clock.elapsedMs()
        stopListening = () => news.stop()
        for await (const entry of news) {
          hear(entry)
          // The last of those that are there already: one's own is always among them.
          if (entry.isUpdate) ready()
        }
      } catch {
        // Without JetStream nobody is heard; the connection says so itself.
      }
      await sleep(clock, heartbeatMs, leaving.signal)
    }
  }

  await whenReady(options, 'keep heartbeats', beat)
  const watching = Promise.withResolvers<void>()
  void follow(watching.resolve)
  await watching.promise
  const stop = every(clock, heartbeatMs, async () => {
    // A heartbeat that does not arrive is noticed by the others.
    if (link.connected()) await beat().catch(() => {})
    const silentSince = clock.elapsedMs() - missedMax * heartbeatMs
    for (const [name, { heardMs }] of others) if (heardMs < silentSince) others.delete(name)
    // Who does not hear itself hears nobody.
    if (heardOwnMs < silentSince) stopListening()
  })
  log.info(`${member.role} ${member.id} is here, with ${others.size} others`)
  return {
    members(role) {
      const heard = [...others.values()].filter(({ heardMs }) => clock.elapsedMs() - heardMs <= missedMax * heartbeatMs)
      const all = [...(leaving.signal.aborted ? [] : [own]), ...heard.map((other) => other.member)]
      return all
        .filter((one) => role === undefined || one.role === role)
        .toSorted((a, b) => (`${a.role}.${a.id}` < `${b.role}.${b.id}` ? -1 : 1))
    },
    async leave() {
      stop()
      leaving.abort()
      stopListening()
      if (link.connected()) await bucket.delete(key).catch(() => {})
    },
  }
}

function readMember(entry: KvEntry): Member | undefined {
  try {
    return memberSchema.parse(entry.json())
  } catch {
    // A newer version may write what this one does not know: it cannot be shown, and harms nobody.
    return undefined
  }
}
