// Array samples as bytes: Float32 in byte planes, then zstd. Lossless. Compression runs in libuv's threads.
import { promisify } from 'node:util'
import { constants, crc32, zstdCompress, zstdDecompress, zstdDecompressSync } from 'node:zlib'
import { arrayElementsMax, type ArrayValue } from '#core/array.ts'
import { Rejected } from '#core/errors.ts'
import { fromPlanes, toPlanes } from './byte-planes.ts'

const version = 1
const headerBytes = 16
const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)
const level = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }
const limit = { maxOutputLength: 4 * arrayElementsMax }

/** Header: crc32 of all that follows it, version, rows (0 for one dimension), columns. */
export async function encodeArray({ shape, data }: ArrayValue): Promise<Uint8Array> {
  const planes = new Uint8Array(data.byteLength)
  toPlanes(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 4, planes)
  const body = await compress(planes, level)
  const blob = new Uint8Array(headerBytes + body.length)
  const header = new DataView(blob.buffer)
  blob.set(body, headerBytes)
  header.setUint8(4, version)
  header.setUint32(8, shape.length === 1 ? 0 : (shape[0] as number), true)
  header.setUint32(12, shape.at(-1) as number, true)
  header.setUint32(0, crc32(blob.subarray(4)), true)
  return blob
}

/** Throws `Rejected` when the bytes are damaged. */
export async function decodeArray(blob: Uint8Array): Promise<ArrayValue> {
  const shape = checkArray(blob)
  return fromBody(shape, await decompress(blob.subarray(headerBytes), limit))
}

/** The same at once: up to some milliseconds for a large array. */
export function decodeArraySync(blob: Uint8Array): ArrayValue {
  const shape = checkArray(blob)
  return fromBody(shape, zstdDecompressSync(blob.subarray(headerBytes), limit))
}

function checkArray(blob: Uint8Array): number[] {
  const header = new DataView(blob.buffer, blob.byteOffset, blob.byteLength)
  if (blob.length <= headerBytes || header.getUint32(0, true) !== crc32(blob.subarray(4)))
    throw new Rejected('the stored array is damaged: its checksum does not match')
  if (header.getUint8(4) !== version)
    throw new Rejected(`the stored array has format ${header.getUint8(4)}, this program reads ${version}: use a newer Millwright`)
  const rows = header.getUint32(8, true)
  const columns = header.getUint32(12, true)
  return rows === 0 ? [columns] : [rows, columns]
}

function fromBody(shape: number[], planes: Uint8Array): ArrayValue {
  const data = new Float32Array(planes.length / 4)
  fromPlanes(planes, 4, new Uint8Array(data.buffer))
  return { shape, data }
}
