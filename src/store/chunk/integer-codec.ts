// A column of whole numbers. What they have in common is taken off (the first one, a common divisor), then what the numbers before them foretell, as
// FLAC does; of the rest, sign, magnitude and two leading bits become one symbol each, and the bits below follow as they are.
import { bitsMargin, bitsMax, byteBehind, getBits, putBits } from './bit-stream.ts'
import type { ByteReader, ByteWriter } from './byte-stream.ts'
import { bestOrder, commonDivisor, orders } from './foresight.ts'
import { scratch } from './scratch.ts'
import { readSymbols, writeSymbols } from './symbol-codec.ts'

/** How far a column's numbers may be from its first one: what is left of them then has 53 bits at most. */
export const spreadMax = 2 ** 50
/** Fewer numbers are written as the steps between them. */
const codedMin = 8
/** Folded numbers below this are symbols as they are. */
const plainMax = 16
/** Rests within this have at most 25 bits below their symbol. */
const narrowMax = 2 ** 27

const restScratch = scratch((length) => new Float64Array(length))
const symbolScratch = scratch((length) => new Uint8Array(length))

/** Writes at least one number within ±2^53, none farther than `spreadMax` from the first. */
export function writeIntegers(writer: ByteWriter, integers: Float64Array, count: number): void {
  const first = integers[0] as number
  writer.signed(first)
  if (count < codedMin) {
    for (let row = 1; row < count; row++) writer.signed((integers[row] as number) - (integers[row - 1] as number))
    return
  }
  const divisor = commonDivisor(integers, count)
  writer.varint(divisor)
  if (divisor === 0) return
  const { order, centre } = bestOrder(integers, count, divisor)
  writer.byte(order)
  writer.signed(centre)
  const rest = restScratch(count)
  let previous = order === orders.step ? -centre : 0
  let previousStep = 0
  for (let row = 0; row < count; row++) {
    const x = ((integers[row] as number) - first) / divisor
    const step = x - previous
    rest[row] = order === orders.level ? x - centre : order === orders.step ? step - centre : step - previousStep
    previous = x
    previousStep = step
  }
  writeRest(writer, rest, count)
}

/** Reads `count` numbers back. */
export function readIntegers(reader: ByteReader, integers: Float64Array, count: number): void {
  const first = reader.signed()
  if (count < codedMin) {
    integers[0] = first
    for (let row = 1; row < count; row++) integers[row] = (integers[row - 1] as number) + reader.signed()
    return
  }
  const divisor = reader.varint()
  if (divisor === 0) {
    integers.fill(first, 0, count)
    return
  }
  const order = reader.byte()
  const centre = reader.signed()
  const symbols = symbolScratch(count + 1)
  readSymbols(reader, symbols, count)
  const { view } = reader
  let at = reader.at * 8
  let previous = order === orders.step ? -centre : 0
  let step = 0
  for (let row = 0; row < count; row++) {
    const symbol = symbols[row] as number
    const width = widthOf(symbol)
    let rest: number
    if (symbol < plainMax) rest = unfold(symbol)
    else if (width <= bitsMax) rest = unfold((leadingOf(symbol) << width) | getBits(view, at, width))
    else rest = wideAt(view, at, symbol)
    at += width
    if (order === orders.line) {
      step += rest
      previous += step
    } else previous = rest + centre + (order === orders.step ? previous : 0)
    integers[row] = first + previous * divisor
  }
  reader.at = byteBehind(at)
}

/** Folds signed numbers (0, -1, 1, -2 … become 0, 1, 2, 3 …) and splits them into symbols and the bits below. */
function writeRest(writer: ByteWriter, rest: Float64Array, count: number): void {
  const symbols = symbolScratch(count + 1)
  let bits = 0
  for (let row = 0; row < count; row++) {
    const x = rest[row] as number
    if (x < narrowMax && x >= -narrowMax) {
      const folded = (x << 1) ^ (x >> 31)
      const width = folded < plainMax ? 0 : 29 - Math.clz32(folded)
      symbols[row] = folded < plainMax ? folded : symbolOf(width, folded >>> width)
      rest[row] = folded & ((1 << width) - 1)
      bits += width
    } else {
      const folded = x < 0 ? -2 * x - 1 : 2 * x
      const upper = Math.floor(folded / 2 ** bitsMax)
      const upperWidth = 29 - Math.clz32(upper)
      const width = upperWidth + bitsMax
      symbols[row] = symbolOf(width, upper >>> upperWidth)
      rest[row] = folded % 2 ** width
      bits += width
    }
  }
  writeSymbols(writer, symbols, count)
  const view = writer.room(byteBehind(bits) + bitsMargin)
  let at = writer.at * 8
  for (let row = 0; row < count; row++) {
    const symbol = symbols[row] as number
    if (symbol < plainMax) continue
    const width = widthOf(symbol)
    const x = rest[row] as number
    if (width <= bitsMax) at = putBits(view, at, x, width)
    else at = putBits(view, putBits(view, at, x % 2 ** bitsMax, bitsMax), Math.floor(x / 2 ** bitsMax), width - bitsMax)
  }
  writer.at = byteBehind(at)
}

/** The symbol of a number with `width` bits below its three leading ones. */
const symbolOf = (width: number, leading: number) => 4 * width + 4 + leading
const widthOf = (symbol: number) => (symbol < plainMax ? 0 : (symbol >> 2) - 2)
const leadingOf = (symbol: number) => 4 | (symbol & 3)
const unfold = (folded: number) => (folded >>> 1) ^ -(folded & 1)

function wideAt(view: DataView, at: number, symbol: number): number {
  const upperWidth = widthOf(symbol) - bitsMax
  const upper = (leadingOf(symbol) << upperWidth) | getBits(view, at + bitsMax, upperWidth)
  const folded = upper * 2 ** bitsMax + getBits(view, at, bitsMax)
  return folded % 2 === 0 ? folded / 2 : -(folded + 1) / 2
}
