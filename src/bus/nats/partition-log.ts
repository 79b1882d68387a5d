// One partition of the telemetry log as its owner reads it: everything that is not cut off yet, in order and each once, then what comes.
// When a server, the connection or the reader on the server fails, it begins again behind the last entry that was handed over.
import { jetstreamManager } from '@nats-io/jetstream'
import type { Consumer, ConsumerMessages, JetStreamManager, JsMsg, StreamState } from '@nats-io/jetstream'
import { sleep, type Clock } from '#core/clock.ts'
import type { Log } from '#core/driver.ts'
import { messageOf } from '#core/errors.ts'
import type { Delivery } from '#core/store.ts'
import type { NatsLink } from './connect.ts'
import { decodeLogMessage } from './log-message.ts'
import { makeReader, Superseded } from './log-reader.ts'
import { streamOf } from './telemetry-log.ts'

export interface LogEntry {
  /** Ascending; the deliveries of one message share it. It means something to this reader only. */
  readonly sequence: number
  readonly delivery: Delivery
}

export interface PartitionLogOptions {
  readonly link: NatsLink
  readonly partition: number
  /** The fencing token of the lease: a reader with a higher one supersedes this. */
  readonly token: number
  readonly clock: Clock
  readonly log: Log
  /** Takes entries in order; the next ones come when it has resolved. When it throws, the same come again. */
  readonly take: (entries: readonly LogEntry[]) => Promise<void>
  /** A reader with a higher token is there: this one has stopped, and so must its owner, at once. */
  readonly superseded: () => void
}

/** Messages asked for at once; appenders make them no larger than half a megabyte where they can. */
const pullMessages = 64
const pullMs = 3_000
const heartbeatMs = 500
const pullEndMs = pullMs + 2 * heartbeatMs
const requestTimeoutMs = 2_000
const retryMs = 500

class BeginAgain extends Error {}

export class PartitionLog {
  #options: PartitionLogOptions
  #stream: string
  #jsm: Promise<JetStreamManager>
  #stopping = new AbortController()
  #running: Promise<void> = Promise.resolve()
  #messages: ConsumerMessages | undefined
  #turns = 0
  /** The session of the connection in which the stream was seen to be the one read before. */
  #session = 0
  /** The last message handed over: its number in the stream and its time there. */
  #last = { number: 0, timeMs: 0 }
  /** Added to the numbers of the stream, so that sequences ascend even if the stream has begun anew. */
  #shift = 0
  /** Up to where the stream was cut off, and shall be; sequences. */
  #cut = 0
  #acknowledged = 0
  #cutting = false
  #end = 0
  #behind = 0
  #caughtUp = Promise.withResolvers<void>()

  constructor(options: PartitionLogOptions) {
    this.#options = options
    this.#stream = streamOf(options.partition)
    this.#jsm = jetstreamManager(options.link.connection, { checkAPI: false, timeout: requestTimeoutMs })
  }

  /** Begins to hand over entries. */
  start(): void {
    this.#running = this.#run()
  }

  /** Resolves when everything has been handed over that was there when reading began. */
  get caughtUp(): Promise<void> {
    return this.#caughtUp.promise
  }

  /** Messages that are not handed over yet, as far as is known. */
  get behind(): number {
    return this.#behind
  }

  /**
   * Cuts off the log up to this entry: its rows are committed elsewhere. Never throws: what cannot be cut off now is cut off later, or comes
   * again to the next owner.
   */
  async acknowledge(sequence: number): Promise<void> {
    this.#acknowledged = Math.max(this.#acknowledged, sequence)
    await this.#cutOff()
  }

  /** Stops handing over and resolves when `take` runs no more; what was taken may still be acknowledged. The rest comes to the next owner. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#messages?.stop()
    await this.#running
  }

  async #run(): Promise<void> {
    const { link, clock, log, partition, superseded } = this.#options
    const { signal } = this.#stopping
    for (let failures = 0; !signal.aborted; ) {
      try {
        const consumer = await this.#begin()
        for (let delivered = 0; !signal.aborted; ) {
          delivered = await this.#pull(consumer, delivered)
          if (failures > 1) log.info(`the log of partition ${partition} can be read again`)
          failures = 0
        }
        if (link.connected()) await consumer.delete().catch(() => {})
      } catch (error) {
        if (error instanceof Superseded) {
          this.#stopping.abort()
          log.warn(`partition ${partition} has another owner: ${error.message}`)
          return superseded()
        }
        // One failure is mended by beginning again; a second in a row is worth a word.
        failures += 1
        if (failures === 2) log.warn(`the log of partition ${partition} cannot be read: ${messageOf(error)}; trying until it can`)
        if (failures > 1) await sleep(clock, retryMs, signal)
      }
    }
  }

  /** Makes a fresh reader on the server, behind the last message handed over. */
  async #begin(): Promise<Consumer> {
    const { link, token } = this.#options
    const jsm = await this.#jsm
    const session = link.session()
    const { state } = await jsm.streams.info(this.#stream)
    if (!(await this.#isSame(jsm, state))) this.#startOver(state)
    const from = Math.max(state.first_seq, this.#last.number + 1)
    const consumer = await makeReader({ connection: link.connection, jsm, stream: this.#stream, token, turn: ++this.#turns, from })
    this.#session = session
    this.#end = state.messages === 0 ? 0 : state.last_seq
    this.#seeWhetherCaughtUp()
    return consumer
  }

  /** A server that lost what it had not written to its disk, or all of it, numbers other messages as before. */
  async #isSame(jsm: JetStreamManager, { first_seq }: StreamState): Promise<boolean> {
    const { number, timeMs } = this.#last
    if (number === 0 || number < first_seq) return true
    const message = await jsm.streams.getMessage(this.#stream, { seq: number })
    return message !== null && Math.abs(message.time.getTime() - timeMs) <= 1
  }

  #startOver({ first_seq }: StreamState): void {
    const { log, partition } = this.#options
    log.warn(`the log of partition ${partition} is not the one that was read before: a NATS server lost it; reading it from its beginning`)
    const before = Math.max(0, first_seq - 1)
    this.#shift += this.#last.number - before
    this.#last = { number: before, timeMs: 0 }
    this.#cut = before + this.#shift
  }

  /** Waits for some messages and hands them over. Takes and returns how many the server's reader has delivered. */
  async #pull(consumer: Consumer, before: number): Promise<number> {
    const messages = await consumer.fetch({ max_messages: pullMessages, expires: pullMs, idle_heartbeat: heartbeatMs })
    this.#messages = messages
    // The server ends every pull. If it does not, its reader is gone, for which the library would wait.
    const cancelWatch = this.#options.clock.after(pullEndMs, () => messages.stop(new BeginAgain('the server has fallen silent')))
    let delivered = before
    // Handing over goes on beside receiving: a slow taker must not look like a silent server.
    const arrived: JsMsg[] = []
    let handing = false
    let handed = Promise.resolve()
    const hand = async () => {
      handing = true
      while (arrived.length > 0 && (await this.#hand(arrived.splice(0))));
      handing = false
    }
    try {
      if (this.#stopping.signal.aborted) messages.stop()
      for await (const message of messages) {
        delivered += 1
        this.#checkThatNothingIsLost(message.info.deliverySequence, delivered)
        arrived.push(message)
        if (messages.getPending() === 0 && !handing) handed = hand()
      }
    } finally {
      cancelWatch()
      await handed
    }
    await hand()
    if (delivered === before && !this.#stopping.signal.aborted) {
      // It is quiet: the last messages may have been lost on the way.
      this.#checkThatNothingIsLost((await consumer.info()).delivered.consumer_seq, delivered)
      void this.#cutOff()
    }
    return delivered
  }

  #checkThatNothingIsLost(sent: number, arrived: number): void {
    if (sent !== arrived || this.#options.link.session() !== this.#session) throw new BeginAgain('messages were lost on the way')
  }

  /** Hands over messages; false when reading ends before they are taken. */
  async #hand(messages: readonly JsMsg[]): Promise<boolean> {
    const entries = messages.flatMap((message) => this.#entriesOf(message))
    if (entries.length > 0 && !(await this.#taken(entries))) return false
    const last = messages.at(-1) as JsMsg
    this.#last = { number: last.seq, timeMs: last.time.getTime() }
    this.#behind = last.info.pending
    this.#seeWhetherCaughtUp()
    return true
  }

  /** Gives entries to the owner until it takes them; false when reading ends before. */
  async #taken(entries: readonly LogEntry[]): Promise<boolean> {
    const { take, clock, log, partition } = this.#options
    const { signal } = this.#stopping
    for (let failed = false; !signal.aborted; failed = true) {
      try {
        await take(entries)
        return true
      } catch (error) {
        if (!failed) log.warn(`entries of partition ${partition} cannot be taken: ${messageOf(error)}; trying until they can`)
        await sleep(clock, retryMs, signal)
      }
    }
    return false
  }

  #entriesOf(message: JsMsg): LogEntry[] {
    try {
      return decodeLogMessage(message).map((delivery) => ({ sequence: message.seq + this.#shift, delivery }))
    } catch (error) {
      this.#options.log.warn(`message ${message.seq} of partition ${this.#options.partition} is left out: ${messageOf(error)}`)
      return []
    }
  }

  #seeWhetherCaughtUp(): void {
    if (this.#last.number >= this.#end) this.#caughtUp.resolve()
  }

  async #cutOff(): Promise<void> {
    const { link } = this.#options
    if (this.#cutting) return
    this.#cutting = true
    try {
      // Not while the stream may be another than the one the sequences are of.
      while (this.#acknowledged > this.#cut && link.connected() && link.session() === this.#session) {
        const upTo = this.#acknowledged
        await (await this.#jsm).streams.purge(this.#stream, { seq: upTo - this.#shift + 1 })
        this.#cut = Math.max(this.#cut, upTo)
      }
    } catch {
      // The next acknowledgement, or the next quiet moment, tries again.
    } finally {
      this.#cutting = false
    }
  }
}
