// Runs of equal values, by their lengths; and columns of bytes that are mostly such runs.
import type { ByteReader, ByteWriter } from './byte-stream.ts'
import { readIntegers, writeIntegers } from './integer-codec.ts'

/** Writes where runs begin, given that they cover `count` rows. */
export function writeStarts(writer: ByteWriter, starts: readonly number[], count: number): void {
  writer.varint(starts.length)
  const lengths = Float64Array.from(starts, (start, run) => (starts[run + 1] ?? count) - start)
  writeIntegers(writer, lengths, starts.length)
}

/** Reads where runs begin, with `count` at the end. */
export function readStarts(reader: ByteReader, count: number): number[] {
  const runs = reader.varint()
  if (runs > count) throw new RangeError('there are more runs than rows')
  const lengths = new Float64Array(runs)
  readIntegers(reader, lengths, runs)
  const starts = [0]
  let end = 0
  for (const length of lengths) {
    if (!(length >= 1)) throw new RangeError('a run is empty')
    starts.push((end += length))
  }
  if (end !== count) throw new RangeError('the runs do not cover the rows')
  return starts
}

/** Writes at least one byte. */
export function writeByteRuns(writer: ByteWriter, bytes: Uint8Array, count: number): void {
  const starts = [0]
  for (let row = 1; row < count; row++) if (bytes[row] !== bytes[row - 1]) starts.push(row)
  writeStarts(writer, starts, count)
  writeIntegers(
    writer,
    Float64Array.from(starts, (start) => bytes[start] as number),
    starts.length,
  )
}

/** Reads `count` bytes back. */
export function readByteRuns(reader: ByteReader, bytes: Uint8Array, count: number): void {
  const starts = readStarts(reader, count)
  const runs = starts.length - 1
  const values = new Float64Array(runs)
  readIntegers(reader, values, runs)
  for (let run = 0; run < runs; run++) bytes.fill(values[run] as number, starts[run], starts[run + 1])
}
