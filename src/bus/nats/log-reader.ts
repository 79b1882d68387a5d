// The reader of a partition on the server's side: a JetStream consumer that is thrown away and made anew whenever something is in doubt.
import { AckPolicy, DeliverPolicy, jetstream, ReplayPolicy, type Consumer, type JetStreamManager } from '@nats-io/jetstream'
import { nanos, type NatsConnection } from '@nats-io/transport-node'

/** A reader with a higher token is there. */
export class Superseded extends Error {}

export interface ReaderOptions {
  readonly connection: NatsConnection
  readonly jsm: JetStreamManager
  readonly stream: string
  /** The fencing token of the owner. */
  readonly token: number
  /** How often the owner has made one. */
  readonly turn: number
  /** The number of the first message to be read. */
  readonly from: number
}

/** The server forgets a reader that nobody asks for so long. */
const forgetMs = 600_000
const requestTimeoutMs = 2_000
const nameOf = (token: number, turn: number) => `writer-${token}-${turn}`
const namePattern = /^writer-(\d+)-\d+$/

/** Makes a reader in place of all older ones of the stream. Throws `Superseded` when there is one with a higher token. */
export async function makeReader({ connection, jsm, stream, token, turn, from }: ReaderOptions): Promise<Consumer> {
  const name = nameOf(token, turn)
  const info = await jsm.consumers.add(stream, {
    name,
    // Cutting off the stream is the acknowledgement, so that the server has nothing to keep about the reader.
    ack_policy: AckPolicy.None,
    replay_policy: ReplayPolicy.Instant,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: Math.max(1, from),
    num_replicas: 1,
    mem_storage: true,
    inactive_threshold: nanos(forgetMs),
  })
  // One on a server that is gone cannot be deleted now; it need not be, for nobody reads from it.
  const remove = (other: string) => void jsm.consumers.delete(stream, other).catch(() => {})
  // Older readers hear of this one by being deleted, and find it when they begin again.
  for (const other of await readersOf(connection, stream)) {
    const otherToken = Number(namePattern.exec(other)?.[1])
    if (otherToken > token) {
      remove(name)
      throw new Superseded(`its token is ${otherToken}, ours ${token}`)
    }
    if (otherToken <= token && other !== name) remove(other)
  }
  return jetstream(connection).consumers.getConsumerFromInfo(info)
}

/** The names of all readers, also of those whose server is gone; the library only lists those that answer. */
async function readersOf(connection: NatsConnection, stream: string): Promise<string[]> {
  const answer = await connection.request(`$JS.API.CONSUMER.NAMES.${stream}`, '{}', { timeout: requestTimeoutMs })
  return answer.json<{ consumers?: string[] | null }>().consumers ?? []
}
