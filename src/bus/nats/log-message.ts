// What a message of the telemetry log holds: frames of one partition, in the order of their source. Layout: docs/specs/bus.md.
import { crc32 } from 'node:zlib'
import { headers, type MsgHdrs } from '@nats-io/transport-node'
import { decodeFrameList } from '#core/frame-list.ts'
import { decodeFrame } from '#core/frame.ts'
import type { Delivery } from '#core/store.ts'

const sourceHeader = 'Millwright-Source'

/** Room that the headers of a message take at most: a source has up to 200 characters, and each up to 9 where it is written twice. */
export const headerBytesMax = 4_096

/** Headers that name the outbox whose numbers the frames carry. Without it the numbers mean nothing, and the rows alone are idempotent. */
export function headersOf(source: string | undefined): MsgHdrs {
  const head = headers()
  if (source !== undefined) head.set(sourceHeader, encodeURIComponent(source))
  return head
}

/** Names a message by its content, so that JetStream knows its repetition. */
export const messageId = (source: string, sequence: number, body: Uint8Array) =>
  `${encodeURIComponent(source)}/${sequence}/${crc32(body).toString(16)}`

/** Reads a message. Throws `Rejected` when it is none of ours, or damaged. */
export function decodeLogMessage(message: { readonly headers?: MsgHdrs | undefined; readonly data: Uint8Array }): Delivery[] {
  const written = message.headers?.get(sourceHeader)
  const source = written ? decodeURIComponent(written) : undefined
  return decodeFrameList(message.data).map(({ frame, sequence }) => ({
    batch: decodeFrame(frame, crc32),
    origin: source === undefined ? undefined : { source, sequence },
  }))
}
