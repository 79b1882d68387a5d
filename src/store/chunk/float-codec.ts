// Float64 values by the halves of their bits: the high ones as whole numbers, the low ones too unless they are noise.
import type { ByteReader, ByteWriter } from './byte-stream.ts'
import { doublesOfBits, highBits, lowBits } from './float-bits.ts'
import { commonDivisor, middleDistance } from './foresight.ts'
import { readIntegers, writeIntegers } from './integer-codec.ts'
import { scratch } from './scratch.ts'

const lowForms = { integers: 0, raw: 1 } as const
/** Low halves that are farther apart than this are noise, which is quicker raw. */
const noiseMin = 2 ** 29

const lowScratch = scratch((length) => new Float64Array(length))

/** Writes the low halves of values, as far as they differ from those of `base`. */
export function writeLow(writer: ByteWriter, values: Float64Array, count: number, base?: Float64Array): void {
  const low = lowScratch(count)
  lowBits(values, count, low)
  if (base) {
    const expected = new Float64Array(count)
    lowBits(base, count, expected)
    for (let row = 0; row < count; row++) low[row] = ((low[row] as number) - (expected[row] as number)) >>> 0
  }
  if (commonDivisor(low, count) !== 1 || middleDistance(low, count) < noiseMin) {
    writer.byte(lowForms.integers)
    writeIntegers(writer, low, count)
  } else {
    writer.byte(lowForms.raw)
    writer.append(new Uint8Array(Uint32Array.from(low.subarray(0, count)).buffer))
  }
}

/** Reads the low halves to the high ones in `values`. */
export function readLow(reader: ByteReader, values: Float64Array, count: number, base?: Float64Array): void {
  const low = lowScratch(count)
  if (reader.byte() === lowForms.integers) readIntegers(reader, low, count)
  else {
    const raw = reader.take(4 * count)
    low.set(new Uint32Array(raw.slice().buffer))
  }
  if (base) {
    const expected = new Float64Array(count)
    lowBits(base, count, expected)
    for (let row = 0; row < count; row++) low[row] = (low[row] as number) + (expected[row] as number)
  }
  doublesOfBits(values, low, count)
}

/** Writes at least one float: how many, their high halves, their low halves. */
export function writeFloats(writer: ByteWriter, values: Float64Array): void {
  const high = new Float64Array(values.length)
  highBits(values, values.length, high)
  writer.varint(values.length)
  writeIntegers(writer, high, high.length)
  writeLow(writer, values, values.length)
}

/** Reads up to `lengthMax` floats. */
export function readFloats(reader: ByteReader, lengthMax: number): Float64Array {
  const length = reader.varint()
  if (length > lengthMax) throw new RangeError(`${length} floats are more than ${lengthMax}`)
  const values = new Float64Array(length)
  readIntegers(reader, values, length)
  readLow(reader, values, length)
  return values
}
