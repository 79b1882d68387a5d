// Reads chunks and arrays of version 1, which Millwright wrote at first. Layout: docs/specs/chunk.md.
import { zstdDecompressSync } from 'node:zlib'
import { arrayElementsMax, type ArrayValue } from '#core/array.ts'
import type { Rows } from './rows.ts'
import { parseTexts, textBytesMax } from './texts.ts'

const headerBytes = 16
const chunkHeaderWords = 10
const blockRows = 128
/** More than a row's value, time and state, and what stands before them, ever take. */
const rowBytesMax = 64
const modes = { decimal: 0, single: 1, raw32: 2, raw64: 3 } as const
const bits = { wideValues: 1 << 24, rawTimes: 1 << 25, wideTimes: 1 << 26 } as const

/** A chunk whose checksum is right. */
export function readChunk1(chunk: Uint8Array, rowsMax: number): Rows {
  const body = chunk.subarray(headerBytes)
  const maxOutputLength = rowBytesMax * rowsMax + textBytesMax(rowsMax)
  const payload = Uint8Array.from(chunk[5] === 1 ? zstdDecompressSync(body, { maxOutputLength }) : body)
  const words = new Uint32Array(payload.buffer, 0, payload.length >> 2)
  const view = new DataView(payload.buffer)
  const count = words[0] as number
  const flags = words[1] as number
  const columnBytes = (words[8] as number) * 4
  if (!(count <= rowsMax) || columnBytes > payload.length) throw new RangeError(`it claims ${count} rows in ${columnBytes} bytes`)
  const time = new Float64Array(count)
  const value = new Float64Array(count)
  const quality = new Uint8Array(count)
  let at = readValues(payload, words, view.getFloat64(8, true), flags, value)
  if (flags & bits.rawTimes) at = readPlanes(payload, at, 8, time)
  else {
    const steps = new Float64Array(count)
    at = readIntegers(words, at, (flags & bits.wideTimes) !== 0, steps)
    const unit = 10 ** ((flags >> 16) & 0xff)
    let tick = view.getFloat64(16, true)
    let step = view.getFloat64(24, true)
    for (let row = 0; row < count; row++) {
      if (row > 0) tick += step += steps[row] as number
      time[row] = tick * unit
    }
  }
  readStates(words, at, value, quality)
  const texts = payload.length > columnBytes ? parseTexts(payload.subarray(columnBytes)) : []
  return { count, time, value, quality, texts }
}

/** An array whose checksum is right. */
export function readArray1(blob: Uint8Array): ArrayValue {
  const header = new DataView(blob.buffer, blob.byteOffset, blob.byteLength)
  const rows = header.getUint32(8, true)
  const columns = header.getUint32(12, true)
  const elements = Math.max(rows, 1) * columns
  if (elements > arrayElementsMax) throw new RangeError(`it claims ${elements} elements`)
  const planes = zstdDecompressSync(blob.subarray(headerBytes), { maxOutputLength: 4 * elements })
  if (planes.length !== 4 * elements) throw new RangeError(`it has ${planes.length} bytes for ${elements} elements`)
  const data = new Float32Array(elements)
  fromPlanes(planes, 4, new Uint8Array(data.buffer))
  return { shape: rows === 0 ? [columns] : [rows, columns], data }
}

/** Reads the values, and returns the index of the word behind them, as all that follow do. */
function readValues(payload: Uint8Array, words: Uint32Array, first: number, flags: number, value: Float64Array): number {
  const mode = flags & 0xff
  if (mode === modes.raw64) return readPlanes(payload, chunkHeaderWords, 8, value)
  if (mode === modes.raw32) {
    const singles = new Float32Array(value.length)
    const at = readPlanes(payload, chunkHeaderWords, 4, singles)
    value.set(singles)
    return at
  }
  const at = readIntegers(words, chunkHeaderWords, (flags & bits.wideValues) !== 0, value)
  const power = 10 ** ((flags >> 8) & 0xff)
  let integer = first
  for (let row = 0; row < value.length; row++) {
    integer += value[row] as number
    value[row] = mode === modes.single ? Math.fround(integer / power) : integer / power
  }
  return at
}

/** Signed integers: blocks of 128, of a word with the width and then the low 32 bits at that width; the high 32 bits follow alike. */
function readIntegers(words: Uint32Array, start: number, wide: boolean, into: Float64Array): number {
  const low = new Uint32Array(into.length)
  const high = new Uint32Array(into.length)
  let at = unpack(words, start, low)
  if (wide) at = unpack(words, at, high)
  for (let row = 0; row < into.length; row++) {
    const folded = (high[row] as number) * 2 ** 32 + (low[row] as number)
    into[row] = folded % 2 === 0 ? folded / 2 : -(folded + 1) / 2
  }
  return at
}

function unpack(words: Uint32Array, start: number, integers: Uint32Array): number {
  let at = start
  for (let block = 0; block < integers.length; block += blockRows) {
    const width = words[at++] as number
    const rows = Math.min(blockRows, integers.length - block)
    for (let row = 0; row < rows; row++) {
      const bit = row * width
      const shift = bit & 31
      const word = at + (bit >>> 5)
      const low = (words[word] as number) >>> shift
      const high = shift + width > 32 ? (words[word + 1] as number) << (32 - shift) : 0
      integers[block + row] = width === 0 ? 0 : ((low | high) << (32 - width)) >>> (32 - width)
    }
    at += Math.ceil((rows * width) / 32)
  }
  return at
}

function readPlanes(payload: Uint8Array, at: number, width: number, into: Float64Array | Float32Array): number {
  fromPlanes(payload.subarray(at * 4, at * 4 + into.byteLength), width, new Uint8Array(into.buffer))
  return at + into.byteLength / 4
}

/** Byte planes: all first bytes of elements of `width` bytes, then all second bytes, and so on. */
function fromPlanes(planes: Uint8Array, width: number, into: Uint8Array): void {
  const count = into.length / width
  for (let plane = 0; plane < width; plane++)
    for (let index = 0; index < count; index++) into[index * width + plane] = planes[plane * count + index] as number
}

/** Runs: how many, then for each `length << 9 | missing << 8 | quality`. */
function readStates(words: Uint32Array, at: number, value: Float64Array, quality: Uint8Array): void {
  const runs = Math.min(words[at] as number, quality.length)
  let row = 0
  for (let run = 1; run <= runs; run++) {
    const word = words[at + run] as number
    const end = row + (word >>> 9)
    quality.fill(word & 0xff, row, end)
    if (word & 256) value.fill(Number.NaN, row, end)
    row = end
  }
}
