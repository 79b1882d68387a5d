// The envelope of all that stores keep as bytes: a checksum, a version, what it is, then its fields.
import { crc32 } from 'node:zlib'
import { messageOf, Rejected } from '#core/errors.ts'
import { bitsMargin } from './bit-stream.ts'
import { ByteReader, ByteWriter } from './byte-stream.ts'

/** What an envelope can hold; its index is its byte. */
const contents = ['chunk', 'array', 'table of summaries'] as const
type Content = (typeof contents)[number]

export const version = 2
const headerBytes = 6

/** Bytes with the fields that `write` writes. */
export function seal(content: Content, write: (writer: ByteWriter) => void): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter()
  writer.append(Uint8Array.of(0, 0, 0, 0, version, contents.indexOf(content)))
  write(writer)
  const bytes = writer.bytes()
  new DataView(bytes.buffer).setUint32(0, crc32(bytes.subarray(4)), true)
  return bytes
}

/**
 * What `read` makes of the fields, or `readVersion1` of the bytes that an older Millwright wrote. Throws `Rejected` when the bytes are damaged, of a
 * newer version, or not what they should be.
 */
export function open<T>(content: Content, bytes: Uint8Array, read: (reader: ByteReader) => T, readVersion1?: (bytes: Uint8Array) => T): T {
  if (bytes.length <= headerBytes) throw new Rejected(`a ${content} has more than ${headerBytes} bytes, this has ${bytes.length}`)
  const padded = new Uint8Array(bytes.length + bitsMargin)
  padded.set(bytes)
  const reader = new ByteReader(padded)
  if (reader.view.getUint32(0, true) !== crc32(bytes.subarray(4)))
    throw new Rejected(`the ${content} is damaged: its checksum does not match`)
  const written = padded[4]
  if (written !== version && (written !== 1 || !readVersion1))
    throw new Rejected(`the ${content} has format ${written}, this program reads up to ${version}: use a newer Millwright`)
  try {
    if (written === 1 && readVersion1) return readVersion1(bytes)
    if (padded[5] !== contents.indexOf(content)) throw new RangeError(`its content is "${contents[padded[5] as number] ?? padded[5]}"`)
    reader.at = headerBytes
    const fields = read(reader)
    if (reader.at !== bytes.length) throw new RangeError(`its fields have ${reader.at} bytes, not ${bytes.length}`)
    return fields
  } catch (error) {
    throw new Rejected(`the ${content} makes no sense: ${messageOf(error)}`)
  }
}
