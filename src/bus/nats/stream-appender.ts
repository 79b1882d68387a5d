// Appends deliveries to the telemetry log: what ingest has instead of a store when the roles run apart. Same promise as `Store.append`:
// it answers when the rows are durable, here in JetStream, from where the owners of the partitions take them.
import { crc32 } from 'node:zlib'
import { jetstream } from '@nats-io/jetstream'
import type { Batch } from '#core/batch.ts'
import { messageOf, Overloaded, Rejected, RetryLater } from '#core/errors.ts'
import { encodeFrameList, framesMax } from '#core/frame-list.ts'
import { encodeFrame } from '#core/frame.ts'
import type { AppendResult, Delivery } from '#core/store.ts'
import type { NumberedFrame } from '#core/uplink.ts'
import type { NatsLink } from './connect.ts'
import { headerBytesMax, headersOf, messageId } from './log-message.ts'
import { sliceBatch, splitBatch } from './partition.ts'
import { apiErrors, hasCode } from './setup.ts'
import { subjectOf } from './telemetry-log.ts'

export interface StreamAppender {
  /**
   * Resolves when JetStream has acknowledged all parts of all deliveries. Whether rows replace others is found out later, by the writer.
   * Throws `RetryLater` when some part was not acknowledged (the same again is harmless), `Overloaded` when the log is full or too much is
   * under way, `Rejected` when a row is too large for NATS; nothing is kept of the deliveries then.
   */
  append(deliveries: readonly Delivery[]): Promise<AppendResult[]>
  /** Bytes that are not acknowledged yet. */
  bytesInFlight(): number
}

export interface StreamAppenderOptions {
  readonly link: NatsLink
  /** As the telemetry log says. */
  readonly partitions: number
  readonly bytesInFlightMax?: number
}

const defaultBytesInFlightMax = 64 << 20
const publishTimeoutMs = 5_000
/** Messages are made no larger than this unless a single row is: a reader holds several in memory. */
const messageBytes = 512 << 10

/**
 * The messages of one source for one partition. They go out one after the other: the writer takes a sequence that is not beyond the newest of
 * its source for a repetition, so a later one must never be there before an earlier one.
 */
interface Lane {
  readonly partition: number
  readonly source: string | undefined
  readonly messages: Message[]
}

interface Message {
  /** Whether its frames carry the numbers of the source. */
  readonly numbered: boolean
  readonly frames: NumberedFrame[]
  /** Which deliveries have rows in it. */
  readonly deliveries: number[]
  bytes: number
  /** JetStream had it already. */
  repeated: boolean
}

export function createStreamAppender({
  link,
  partitions,
  bytesInFlightMax = defaultBytesInFlightMax,
}: StreamAppenderOptions): StreamAppender {
  const js = jetstream(link.connection, { timeout: publishTimeoutMs })
  let bytesInFlight = 0

  async function publish({ partition, source, messages }: Lane): Promise<void> {
    for (const message of messages) {
      const body = encodeFrameList(message.frames)
      const first = message.frames[0] as NumberedFrame
      try {
        const { duplicate, seq } = await js.publish(subjectOf(partition), body, {
          headers: headersOf(message.numbered ? source : undefined),
          ...(source !== undefined && { msgID: messageId(source, first.sequence, body) }),
        })
        // Zero: the message that this repeats is itself not stored yet, and may never be.
        if (duplicate && seq === 0) throw new RetryLater('the same message is still under way')
        message.repeated = duplicate
      } catch (error) {
        throw failureOf(error, partition)
      }
    }
  }

  return {
    bytesInFlight: () => bytesInFlight,
    async append(deliveries) {
      const { info } = link.connection
      if (!link.connected() || !info) throw new RetryLater('NATS cannot be reached, so nothing can be stored; it is tried until it is back')
      const lanes = lanesOf(deliveries, partitions, info.max_payload - headerBytesMax)
      const messages = lanes.flatMap((lane) => lane.messages)
      const bytes = messages.reduce((sum, message) => sum + message.bytes, 0)
      if (bytesInFlight > 0 && bytesInFlight + bytes > bytesInFlightMax)
        throw new Overloaded(`${bytesInFlight} bytes wait for JetStream's acknowledgement; send less, or add ingest processes`)
      bytesInFlight += bytes
      try {
        const outcomes = await Promise.allSettled(lanes.map(publish))
        const failed = outcomes.find((outcome) => outcome.status === 'rejected')
        if (failed) throw failed.reason
      } finally {
        bytesInFlight -= bytes
      }
      const fresh = new Set(messages.filter(({ repeated }) => !repeated).flatMap((message) => message.deliveries))
      return deliveries.map(({ batch: { count } }, index) => ({
        stored: fresh.has(index) ? count : 0,
        duplicates: fresh.has(index) ? 0 : count,
        replaced: 0,
        expired: 0,
      }))
    },
  }
}

function lanesOf(deliveries: readonly Delivery[], partitions: number, rowBytesMax: number): Lane[] {
  const lanes = new Map<string, Lane>()
  for (const [index, { batch, origin }] of deliveries.entries()) {
    for (const part of splitBatch(batch, partitions)) {
      const key = `${part.partition}/${origin?.source ?? ''}`
      const lane = lanes.get(key) ?? { partition: part.partition, source: origin?.source, messages: [] }
      lanes.set(key, lane)
      const frames = framesOf(part.batch, rowBytesMax)
      frames.forEach((frame, at) => {
        // Of a delivery in several messages the last carries the number: what is there of it without the last is no repetition yet.
        const numbered = origin !== undefined && at === frames.length - 1
        add(lane, { sequence: origin?.sequence ?? index + 1, frame }, numbered, index)
      })
    }
  }
  return [...lanes.values()]
}

function add({ messages }: Lane, frame: NumberedFrame, numbered: boolean, delivery: number): void {
  const bytes = 8 + frame.frame.length
  const last = messages.at(-1)
  if (last && last.numbered === numbered && last.bytes + bytes <= messageBytes && last.frames.length < framesMax) {
    last.frames.push(frame)
    last.deliveries.push(delivery)
    last.bytes += bytes
  } else messages.push({ numbered, frames: [frame], deliveries: [delivery], bytes, repeated: false })
}

/** A batch as frames that fit into a message each. */
function framesOf(batch: Batch, rowBytesMax: number): Uint8Array[] {
  const frame = encodeFrame(batch, crc32)
  if (8 + frame.length <= Math.min(messageBytes, rowBytesMax)) return [frame]
  if (batch.count > 1) {
    const middle = batch.count >> 1
    return [...framesOf(sliceBatch(batch, 0, middle), rowBytesMax), ...framesOf(sliceBatch(batch, middle, batch.count), rowBytesMax)]
  }
  if (8 + frame.length <= rowBytesMax) return [frame]
  throw new Rejected(
    `a sample of ${batch.tags[batch.tag[0] as number]} takes ${frame.length} bytes, and NATS lets ${rowBytesMax} through: raise max_payload in nats-server's configuration (up to 64 MB)`,
  )
}

function failureOf(error: unknown, partition: number): RetryLater {
  if (hasCode(error, apiErrors.streamFull))
    return new Overloaded(
      `the telemetry log of partition ${partition} is full: the writers do not keep up; see whether they and PostgreSQL run`,
      5_000,
    )
  return new RetryLater(`JetStream has not acknowledged rows of partition ${partition}: ${messageOf(error)}`)
}
