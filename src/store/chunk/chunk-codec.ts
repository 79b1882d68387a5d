// The chunk: up to some thousand rows of one tag as compressed bytes. Exact for every float64. Layout: docs/specs/chunk.md.
// Uses scratch memory of its thread; nothing here awaits, so that is safe.
import { constants, crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { Rejected } from '#core/errors.ts'
import { packedWordsMax, packIntegers, unpackIntegers } from './bit-packing.ts'
import { fromPlanes, toPlanes } from './byte-planes.ts'
import { compactTexts, type Rows } from './rows.ts'
import { planValues, powersOfTen, valueModes } from './value-plan.ts'

/** Rows a full chunk is meant to have. */
export const chunkRowsTarget = 4096
/** Most rows a chunk may have. */
export const chunkRowsMax = 6144

const version = 1
const headerBytes = 16
const payloadHeaderWords = 10
/** Smaller payloads are not worth a compressor's frame. */
const compressAboveBytes = 96
const zstd = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }

const wideValues = 1 << 24
const rawTimes = 1 << 25
const wideTimes = 1 << 26
/** Times whose differences reach this are written raw: they, or their zigzag, would not be exact in a double. */
const differenceMax = 2 ** 52

const low = new Uint32Array(chunkRowsMax)
const high = new Uint32Array(chunkRowsMax)
const integers = new Float64Array(chunkRowsMax)
const words = new Uint32Array(payloadHeaderWords + 4 + 4 * packedWordsMax(chunkRowsMax) + chunkRowsMax)
const bytes = new Uint8Array(words.buffer)
const view = new DataView(words.buffer)

/** Encodes 1 to `chunkRowsMax` rows. */
export function encodeChunk(given: Rows): Uint8Array {
  const rows = compactTexts(given)
  const { count, time, value } = rows
  const plan = planValues(value, count, integers)
  const unitPower = timeUnitPower(time, count)
  let flags = plan.mode | (plan.decimals << 8) | (unitPower << 16)
  let at = payloadHeaderWords

  view.setFloat64(8, integers[0] as number, true)
  if (plan.mode === valueModes.raw32) at = writePlanes(bytesOf(Float32Array.from(value.subarray(0, count)), count), 4, at)
  else if (plan.mode === valueModes.raw64) at = writePlanes(bytesOf(value, count), 8, at)
  else {
    const wide = differences(count)
    if (wide) flags |= wideValues
    at = writeIntegers(count, wide, at)
  }

  const unit = 10 ** unitPower
  const firstStep = count > 1 ? ((time[1] as number) - (time[0] as number)) / unit : 0
  view.setFloat64(16, (time[0] as number) / unit, true)
  view.setFloat64(24, firstStep, true)
  const wide = secondDifferences(time, count, unit, firstStep)
  if (wide === undefined) {
    flags |= rawTimes
    at = writePlanes(bytesOf(time, count), 8, at)
  } else {
    if (wide) flags |= wideTimes
    at = writeIntegers(count, wide, at)
  }

  at = writeStates(rows, at)
  words[0] = count
  words[1] = flags
  words[8] = at
  words[9] = 0
  const columns = bytes.subarray(0, at * 4)
  return wrap(rows.texts.length === 0 ? columns : Buffer.concat([columns, Buffer.from(JSON.stringify(rows.texts))]))
}

/** Decodes a chunk into memory of its own. Throws `Rejected` when it is damaged or of a newer version. */
export function decodeChunk(chunk: Uint8Array): Rows {
  const payload = unwrap(chunk)
  const words = new Uint32Array(payload.buffer, payload.byteOffset, payload.byteLength >> 2)
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
  const count = words[0] as number
  const flags = words[1] as number
  const mode = flags & 0xff
  const time = new Float64Array(count)
  const value = new Float64Array(count)
  const quality = new Uint8Array(count)
  let at = payloadHeaderWords

  if (mode === valueModes.raw32) {
    const singles = new Float32Array(count)
    at = readPlanes(payload, at, 4, bytesOf(singles, count))
    value.set(singles)
  } else if (mode === valueModes.raw64) at = readPlanes(payload, at, 8, bytesOf(value, count))
  else {
    at = readIntegers(words, at, count, (flags & wideValues) !== 0)
    const power = powersOfTen[(flags >> 8) & 0xff] as number
    let integer = view.getFloat64(8, true)
    for (let row = 0; row < count; row++) {
      integer += integers[row] as number
      value[row] = integer / power
    }
    if (mode === valueModes.single) for (let row = 0; row < count; row++) value[row] = Math.fround(value[row] as number)
  }

  if (flags & rawTimes) at = readPlanes(payload, at, 8, bytesOf(time, count))
  else {
    at = readIntegers(words, at, count, (flags & wideTimes) !== 0)
    const unit = 10 ** ((flags >> 16) & 0xff)
    let step = view.getFloat64(24, true)
    let current = view.getFloat64(16, true)
    time[0] = current * unit
    for (let row = 1; row < count; row++) {
      step += integers[row] as number
      current += step
      time[row] = current * unit
    }
  }

  readStates(words, at, value, quality)
  const columnBytes = (words[8] as number) * 4
  const texts = payload.length > columnBytes ? (JSON.parse(Buffer.from(payload.subarray(columnBytes)).toString()) as string[]) : []
  return { count, time, value, quality, texts }
}

/** Zigzag of the first differences of `integers` into `low` and `high`; says whether `high` is needed. */
function differences(count: number): boolean {
  let wide = false
  let previous = integers[0] as number
  for (let row = 0; row < count; row++) {
    const integer = integers[row] as number
    if (zigzag(row, integer - previous)) wide = true
    previous = integer
  }
  return wide
}

/** The same for second differences of times in `unit`; those of the first two rows are zero. Undefined when any is too large to be exact. */
function secondDifferences(time: Float64Array, count: number, unit: number, firstStep: number): boolean | undefined {
  let wide = zigzag(0, 0)
  let previous = (time[0] as number) / unit
  let previousStep = firstStep
  for (let row = 1; row < count; row++) {
    const current = (time[row] as number) / unit
    const step = current - previous
    const difference = step - previousStep
    if (step >= differenceMax || difference >= differenceMax || difference <= -differenceMax) return undefined
    if (zigzag(row, difference)) wide = true
    previous = current
    previousStep = step
  }
  return wide
}

function zigzag(row: number, difference: number): boolean {
  if (difference < 1_073_741_824 && difference >= -1_073_741_824) {
    low[row] = (difference << 1) ^ (difference >> 31)
    high[row] = 0
    return false
  }
  const folded = difference >= 0 ? difference * 2 : -difference * 2 - 1
  low[row] = folded % 4_294_967_296
  high[row] = Math.floor(folded / 4_294_967_296)
  return folded >= 4_294_967_296
}

function writeIntegers(count: number, wide: boolean, at: number): number {
  const behind = packIntegers(low, count, words, at)
  return wide ? packIntegers(high, count, words, behind) : behind
}

/** Reads signed differences into `integers`. */
function readIntegers(words: Uint32Array, at: number, count: number, wide: boolean): number {
  let behind = unpackIntegers(words, at, count, low)
  if (wide) behind = unpackIntegers(words, behind, count, high)
  for (let row = 0; row < count; row++) {
    const folded = low[row] as number
    if (wide && high[row] !== 0) {
      const whole = (high[row] as number) * 4_294_967_296 + folded
      integers[row] = whole % 2 === 0 ? whole / 2 : -(whole + 1) / 2
    } else integers[row] = folded & 1 ? -((folded >>> 1) + 1) : folded >>> 1
  }
  return behind
}

function writePlanes(elements: Uint8Array, width: number, at: number): number {
  toPlanes(elements, width, bytes.subarray(at * 4, at * 4 + elements.length))
  return at + elements.length / 4
}

function readPlanes(payload: Uint8Array, at: number, width: number, into: Uint8Array): number {
  fromPlanes(payload.subarray(at * 4, at * 4 + into.length), width, into)
  return at + into.length / 4
}

/** Run lengths of quality and "has no value": count of runs, then `length << 9 | missing << 8 | quality` each. */
function writeStates({ count, value, quality }: Rows, at: number): number {
  const countAt = at++
  for (let row = 0; row < count; ) {
    const state = stateOf(value, quality, row)
    const start = row
    while (row < count && stateOf(value, quality, row) === state) row++
    words[at++] = ((row - start) << 9) | state
  }
  words[countAt] = at - countAt - 1
  return at
}

const stateOf = (value: Float64Array, quality: Uint8Array, row: number): number =>
  (quality[row] as number) | (Number.isNaN(value[row]) ? 256 : 0)

function readStates(words: Uint32Array, at: number, value: Float64Array, quality: Uint8Array): void {
  let row = 0
  const runs = words[at] as number
  for (let run = 1; run <= runs; run++) {
    const word = words[at + run] as number
    const end = row + (word >>> 9)
    quality.fill(word & 0xff, row, end)
    if (word & 256) value.fill(Number.NaN, row, end)
    row = end
  }
}

/** The largest power of ten that divides every time, at most 6 (whole seconds). */
function timeUnitPower(time: Float64Array, count: number): number {
  let power = 6
  let unit = 1_000_000
  for (let row = 0; row < count && power > 0; row++)
    while ((time[row] as number) % unit !== 0) {
      power--
      unit /= 10
    }
  return power
}

const bytesOf = (column: Float64Array | Float32Array, count: number) =>
  new Uint8Array(column.buffer, column.byteOffset, count * column.BYTES_PER_ELEMENT)

/** Header: crc32 of all that follows it, version, compressed or not, payload length. */
function wrap(payload: Uint8Array): Uint8Array {
  const compressed = payload.length > compressAboveBytes ? zstdCompressSync(payload, zstd) : undefined
  const body = compressed && compressed.length < payload.length ? compressed : payload
  const chunk = new Uint8Array(headerBytes + body.length)
  const header = new DataView(chunk.buffer)
  chunk.set(body, headerBytes)
  header.setUint8(4, version)
  header.setUint8(5, body === compressed ? 1 : 0)
  header.setUint32(8, payload.length, true)
  header.setUint32(0, crc32(chunk.subarray(4)), true)
  return chunk
}

function unwrap(chunk: Uint8Array): Uint8Array {
  if (chunk.length <= headerBytes) throw new Rejected(`a chunk has more than ${headerBytes} bytes, this has ${chunk.length}`)
  const header = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength)
  if (header.getUint32(0, true) !== crc32(chunk.subarray(4))) throw new Rejected('the chunk is damaged: its checksum does not match')
  if (header.getUint8(4) !== version)
    throw new Rejected(`the chunk has format ${header.getUint8(4)}, this program reads ${version}: use a newer Millwright`)
  const body = chunk.subarray(headerBytes)
  const payload = header.getUint8(5) === 1 ? zstdDecompressSync(body) : body
  return payload.byteOffset % 8 === 0 ? payload : payload.slice()
}
