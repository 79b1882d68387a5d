// The chunk: up to some thousand rows of one tag as compressed bytes. Exact for every float64. Layout: docs/specs/chunk.md.
import { readColumn, writeColumn } from './column-codec.ts'
import { open, seal } from './envelope.ts'
import { compactTexts, type Rows } from './rows.ts'
import { readByteRuns, writeByteRuns } from './runs.ts'
import { readTexts, writeTexts } from './texts.ts'
import { readTimes, writeTimes } from './time-codec.ts'
import { readChunk1 } from './version-1.ts'

/** Rows a full chunk is meant to have. */
export const chunkRowsTarget = 4096
/** Most rows a chunk may have. */
export const chunkRowsMax = 6144

/** Encodes 1 to `chunkRowsMax` rows. */
export function encodeChunk(rows: Rows): Uint8Array {
  const { count, time, value, quality, texts } = compactTexts(rows)
  return seal('chunk', (writer) => {
    writer.varint(count)
    writeByteRuns(writer, quality, count)
    writeTimes(writer, time, count)
    writeColumn(writer, value, count)
    writeTexts(writer, texts)
  })
}

/** Decodes a chunk into memory of its own. Throws `Rejected` when it is damaged or of a newer version. */
export function decodeChunk(chunk: Uint8Array): Rows {
  const readVersion1 = (bytes: Uint8Array) => readChunk1(bytes, chunkRowsMax)
  return open(
    'chunk',
    chunk,
    (reader) => {
      const count = reader.varint()
      if (count < 1 || count > chunkRowsMax) throw new RangeError(`it claims ${count} rows; the most is ${chunkRowsMax}`)
      const time = new Float64Array(count)
      const value = new Float64Array(count)
      const quality = new Uint8Array(count)
      readByteRuns(reader, quality, count)
      readTimes(reader, time, count)
      readColumn(reader, value, count)
      return { count, time, value, quality, texts: readTexts(reader, count) }
    },
    readVersion1,
  )
}
