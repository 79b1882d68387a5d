// One record of the write-ahead log: the deliveries that one fdatasync makes durable, all or none of them.
// u32 magic "MWL2", u32 length, u32 crc32 of all behind it but the frames' contents, which have checksums of their own (in "MWL1": of all behind it), u32 deliveries;
// per delivery: u32 frame length, u16 source length, u16 0, f64 sequence, source in UTF-8, padding to 8, frame (docs/specs/batch.md), padding to 8. Little-endian.
import { crc32 } from 'node:zlib'
import { encodeFrame, decodeFrame, frameHeadBytes } from '#core/frame.ts'
import { Rejected } from '#core/errors.ts'
import type { Delivery } from '#core/store.ts'

const recordMagic = 0x324c574d
/** Of a store of format 1, which may have left records when it crashed. */
const recordMagic1 = 0x314c574d
export const isRecordMagic = (magic: number) => magic === recordMagic || magic === recordMagic1
/** How every record begins. */
export const magicPrefix = Buffer.from('MWL')
export const recordHeaderBytes = 16
const deliveryHeaderBytes = 16
const pad8 = (length: number) => (8 - (length % 8)) % 8
const utf8 = { encode: new TextEncoder(), decode: new TextDecoder() }

/** Frames are written here one after another; one record at a time. */
let scratch = new Uint8Array(1 << 20)
/** A record that needs more gets memory of its own, which is let go with it. */
const scratchBytesMax = 16 << 20

/** The record as pieces, to be written one after another; good until the next call. */
export function encodeRecord(deliveries: readonly Delivery[]): Uint8Array[] {
  const header = new Uint8Array(recordHeaderBytes)
  const pieces: Uint8Array[] = [header]
  let used = 0
  const memory = (length: number): Uint8Array<ArrayBuffer> => {
    const end = used + length + pad8(length)
    if (end > scratchBytesMax) return new Uint8Array(length)
    if (end > scratch.length) {
      scratch = new Uint8Array(Math.min(scratchBytesMax, 2 * end))
      used = 0
    }
    const at = used
    used = at + length + pad8(length)
    return scratch.subarray(at, at + length)
  }
  for (const { batch, origin, frame = encodeFrame(batch, crc32, memory) } of deliveries) {
    const source = utf8.encode.encode(origin?.source ?? '')
    const head = new Uint8Array(deliveryHeaderBytes + source.length + pad8(source.length))
    const view = new DataView(head.buffer)
    view.setUint32(0, frame.length, true)
    view.setUint16(4, source.length, true)
    view.setFloat64(8, origin?.sequence ?? 0, true)
    head.set(source, deliveryHeaderBytes)
    pieces.push(head, frame, new Uint8Array(pad8(frame.length)))
  }
  const view = new DataView(header.buffer)
  view.setUint32(0, recordMagic, true)
  view.setUint32(4, bytesOf(pieces), true)
  view.setUint32(12, deliveries.length, true)
  let checksum = crc32(header.subarray(12))
  for (let at = 1; at < pieces.length; at += 3)
    checksum = crc32((pieces[at + 1] as Uint8Array).subarray(0, frameHeadBytes), crc32(pieces[at] as Uint8Array, checksum))
  view.setUint32(8, checksum, true)
  return pieces
}

export const bytesOf = (pieces: readonly Uint8Array[]): number => pieces.reduce((sum, piece) => sum + piece.length, 0)

/** Reads a whole record back. Throws `Rejected` when it is damaged. */
export function decodeRecord(record: Uint8Array): Delivery[] {
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength)
  let checksum = crc32(record.subarray(12, recordHeaderBytes))
  const deliveries: Delivery[] = []
  let at = recordHeaderBytes
  for (let left = view.getUint32(12, true); left > 0; left--) {
    if (at + deliveryHeaderBytes > record.length) throw new Rejected('it has fewer deliveries than it says')
    const frameLength = view.getUint32(at, true)
    const sourceLength = view.getUint16(at + 4, true)
    const sequence = view.getFloat64(at + 8, true)
    const head = at
    at += deliveryHeaderBytes
    if (at + sourceLength + frameLength > record.length) throw new Rejected('it ends in the middle of a delivery')
    const source = utf8.decode.decode(record.subarray(at, at + sourceLength))
    at += sourceLength + pad8(sourceLength)
    checksum = crc32(record.subarray(at, at + frameHeadBytes), crc32(record.subarray(head, at), checksum))
    const batch = decodeFrame(record.subarray(at, at + frameLength), crc32)
    at += frameLength + pad8(frameLength)
    deliveries.push(sourceLength === 0 ? { batch } : { batch, origin: { source, sequence } })
  }
  if (view.getUint32(0, true) === recordMagic1) checksum = crc32(record.subarray(12))
  if (view.getUint32(8, true) !== checksum) throw new Rejected('its checksum does not match')
  return deliveries
}
