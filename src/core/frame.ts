// A batch as bytes: what the outbox keeps, the uplink sends and the write-ahead log holds. Layout: docs/specs/batch.md.
import type { ArrayValue } from './array.ts'
import { arrayElementsMax } from './array.ts'
import type { Batch } from './batch.ts'
import { Rejected } from './errors.ts'
import { dictionaryBytes, readDictionary } from './frame-dictionary.ts'

/** CRC-32 (ISO-HDLC, as in zlib) of the bytes; handed in, because Node has a fast one and the browser has none. */
export type Crc32 = (bytes: Uint8Array) => number

const magic = 0x3142574d // "MWB1"
const headerBytes = 32
/** The first bytes of a frame, with its length and the checksum of all that follows. */
export const frameHeadBytes = 12
/** Largest frame that is read, in bytes. */
export const frameBytesMax = 64 << 20
/** Most frames that stand back to back. */
const framesMax = 10_000

const align8 = (offset: number) => (offset + 7) & ~7
const utf8 = { encode: new TextEncoder(), decode: new TextDecoder('utf-8', { fatal: true }) }

/** Writes a batch as one frame, into new memory or what `memory` gives for a length. */
export function encodeFrame(
  batch: Batch,
  crc32: Crc32,
  memory = (length: number): Uint8Array<ArrayBuffer> => new Uint8Array(length),
): Uint8Array<ArrayBuffer> {
  const { count } = batch
  const dictionary = dictionaryBytes(batch.tags, batch.kinds)
  const texts = batch.texts.map((text) => utf8.encode.encode(text))
  const columnsAt = align8(headerBytes + dictionary.length)
  const textsAt = columnsAt + count * 21
  const arraysAt = align8(textsAt + texts.reduce((sum, text) => sum + 4 + text.length, 0))
  const length = arraysAt + batch.arrays.reduce((sum, array) => sum + 8 + 4 * array.data.length, 0)
  const frame = memory(length)
  const view = new DataView(frame.buffer, frame.byteOffset, length)
  // Paddings, and the header's last word.
  frame.fill(0, 28, headerBytes)
  frame.fill(0, headerBytes + dictionary.length, columnsAt)
  frame.fill(0, arraysAt - 8, arraysAt)

  frame.set(dictionary, headerBytes)
  frame.set(bytesOf(batch.time, count), columnsAt)
  frame.set(bytesOf(batch.value, count), columnsAt + 8 * count)
  frame.set(bytesOf(batch.tag, count), columnsAt + 16 * count)
  frame.set(batch.quality.subarray(0, count), columnsAt + 20 * count)
  let at = textsAt
  for (const text of texts) {
    view.setUint32(at, text.length, true)
    frame.set(text, at + 4)
    at += 4 + text.length
  }
  at = arraysAt
  for (const { shape, data } of batch.arrays) {
    view.setUint32(at, shape.length === 1 ? 0 : (shape[0] as number), true)
    view.setUint32(at + 4, shape.at(-1) as number, true)
    frame.set(bytesOf(data, data.length), at + 8)
    at += 8 + 4 * data.length
  }

  view.setUint32(0, magic, true)
  view.setUint32(4, length, true)
  view.setUint32(12, batch.tags.length, true)
  view.setUint32(16, count, true)
  view.setUint32(20, batch.texts.length, true)
  view.setUint32(24, batch.arrays.length, true)
  view.setUint32(8, crc32(frame.subarray(12)), true)
  return frame
}

/** Splits frames that stand back to back; they stay views and are not checked themselves. Throws `Rejected` when that cannot be done. */
export function splitFrames(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const frames: Uint8Array[] = []
  for (let at = 0; at < bytes.length; ) {
    if (frames.length === framesMax) throw new Rejected(`there are more than ${framesMax} frames; put more rows into each`)
    const length = at + headerBytes <= bytes.length && view.getUint32(at, true) === magic ? view.getUint32(at + 4, true) : 0
    if (length < headerBytes || at + length > bytes.length)
      throw new Rejected(`at byte ${at} there is no whole batch frame: each starts with MWB1 and its length, see docs/specs/batch.md`)
    frames.push(bytes.subarray(at, at + length))
    at += length
  }
  return frames
}

/**
 * Reads one frame. Everything is checked: length, checksum, counts, kinds, indices. Throws `Rejected` and says what is wrong.
 * The columns are copies: the frame's memory may be reused.
 */
export function decodeFrame(frame: Uint8Array, crc32: Crc32): Batch {
  if (frame.length < headerBytes) throw new Rejected(`a frame has at least ${headerBytes} bytes, this has ${frame.length}`)
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  if (view.getUint32(0, true) !== magic) throw new Rejected('this is no batch frame: it does not start with MWB1')
  if (view.getUint32(4, true) !== frame.length)
    throw new Rejected(`the frame says ${view.getUint32(4, true)} bytes and has ${frame.length}`)
  if (view.getUint32(8, true) !== crc32(frame.subarray(12)) >>> 0) throw new Rejected('the frame is damaged: its checksum does not match')
  const reader = new Reader(frame, view)
  const tagCount = view.getUint32(12, true)
  const count = view.getUint32(16, true)
  const textCount = view.getUint32(20, true)
  const arrayCount = view.getUint32(24, true)

  reader.at = headerBytes
  const { tags, kinds } = readDictionary(reader.dictionary(tagCount), tagCount, crc32)
  reader.at = align8(reader.at)
  const time = new Float64Array(reader.copy(8 * count))
  const value = new Float64Array(reader.copy(8 * count))
  const tag = new Uint32Array(reader.copy(4 * count))
  const quality = new Uint8Array(reader.copy(count))
  const texts: string[] = []
  for (let index = 0; index < textCount; index++) texts.push(reader.text(reader.uint32()))
  reader.at = align8(reader.at)
  const arrays: ArrayValue[] = []
  for (let index = 0; index < arrayCount; index++) {
    const rows = reader.uint32()
    const columns = reader.uint32()
    const elements = Math.max(rows, 1) * columns
    if (columns === 0 || elements > arrayElementsMax)
      throw new Rejected(`array ${index} of the frame has the impossible shape ${rows}×${columns}`)
    arrays.push({ shape: rows === 0 ? [columns] : [rows, columns], data: new Float32Array(reader.copy(4 * elements)) })
  }
  for (let row = 0; row < count; row++) {
    const kind = kinds[tag[row] as number]
    if (!kind) throw new Rejected(`row ${row} of the frame names tag ${tag[row]} of ${tagCount}`)
    const side = kind === 'text' ? textCount : kind === 'array' ? arrayCount : undefined
    const index = value[row] as number
    if (side !== undefined && !Number.isNaN(index) && !(Number.isInteger(index) && index >= 0 && index < side))
      throw new Rejected(`row ${row} of the frame names ${kind} value ${index} of ${side}`)
  }
  return { tags, kinds, count, tag, time, value, quality, texts, arrays }
}

function bytesOf(column: Float64Array | Float32Array | Uint32Array, count: number): Uint8Array {
  return new Uint8Array(column.buffer, column.byteOffset, count * column.BYTES_PER_ELEMENT)
}

class Reader {
  at = 0
  #frame: Uint8Array
  #view: DataView

  constructor(frame: Uint8Array, view: DataView) {
    // A plain view: the slice of a Node Buffer would share its memory instead of copying it.
    this.#frame = new Uint8Array(frame.buffer, frame.byteOffset, frame.byteLength)
    this.#view = view
  }

  uint8(): number {
    return this.#view.getUint8(this.#take(1))
  }

  uint16(): number {
    return this.#view.getUint16(this.#take(2), true)
  }

  uint32(): number {
    return this.#view.getUint32(this.#take(4), true)
  }

  text(length: number): string {
    const start = this.#take(length)
    try {
      return utf8.decode.decode(this.#frame.subarray(start, start + length))
    } catch {
      throw new Rejected(`the frame holds text at byte ${start} that is not UTF-8`)
    }
  }

  /** The bytes of so many kinds and names. */
  dictionary(count: number): Uint8Array {
    const start = this.at
    for (let index = 0; index < count; index++) {
      this.#take(1)
      this.#take(this.#view.getUint16(this.#take(2), true))
    }
    return this.#frame.subarray(start, this.at)
  }

  copy(length: number): ArrayBuffer {
    const start = this.#take(length)
    return this.#frame.slice(start, start + length).buffer
  }

  #take(length: number): number {
    const start = this.at
    if (start + length > this.#frame.length) throw new Rejected(`the frame ends at byte ${this.#frame.length}, in the middle of a value`)
    this.at = start + length
    return start
  }
}
