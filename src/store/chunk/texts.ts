// The dictionary of a text tag's chunk: JSON, compressed where that is shorter.
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { textLengthMax } from '#core/batch.ts'
import type { ByteReader, ByteWriter } from './byte-stream.ts'

const zstd = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }
/** What a character takes at most: the escape \u0000. */
const characterBytesMax = 6
const bytesMax = 1 << 28

/** Most bytes that the texts of so many rows can have; more is a forgery. */
export const textBytesMax = (rows: number): number => Math.min(rows * (textLengthMax * characterBytesMax + 3) + 2, bytesMax)

/** Writes the length of the JSON and of what follows, which is compressed if it is shorter. */
export function writeTexts(writer: ByteWriter, texts: readonly string[]): void {
  if (texts.length === 0) {
    writer.varint(0)
    return
  }
  const json = Buffer.from(JSON.stringify(texts))
  const compressed = zstdCompressSync(json, zstd)
  const body = compressed.length < json.length ? compressed : json
  writer.varint(json.length)
  writer.varint(body.length)
  writer.append(body)
}

export function readTexts(reader: ByteReader, rows: number): string[] {
  const length = reader.varint()
  if (length === 0) return []
  if (length > textBytesMax(rows)) throw new RangeError(`${length} bytes of text are too many for ${rows} rows`)
  const body = reader.take(reader.varint())
  return parseTexts(body.length < length ? zstdDecompressSync(body, { maxOutputLength: length }) : body)
}

export function parseTexts(json: Uint8Array): string[] {
  const texts: unknown = JSON.parse(Buffer.from(json).toString())
  if (!Array.isArray(texts) || !texts.every((text) => typeof text === 'string')) throw new TypeError('the texts are not texts')
  return texts
}
