// Symbols from 0 to 255, entropy-coded: each takes the bits that its share of all symbols is worth, down to fractions of one. The coder is rANS
// with 16-bit words (J. Duda, arXiv:1311.2540); short columns take a fixed number of bits instead.
import { bitsMargin, byteBehind, getBits, putBits } from './bit-stream.ts'
import type { ByteReader, ByteWriter } from './byte-stream.ts'
import { scratch } from './scratch.ts'

const codings = { fixed: 0, ranged: 1 } as const
/** Shares are parts of 2^10 at most; a symbol that occurs has at least one. */
const shareBitsMax = 10
/** The coder's state stays from 2^15 to below 2^31. */
const stateMin = 1 << 15

const shares = new Uint32Array(256)
const starts = new Uint32Array(256)
/** Per part of the whole: its symbol, the symbol's share - 1 (from bit 8), and how far the part is behind the symbol's first (from bit 20). */
const parts = new Int32Array(1 << shareBitsMax)
const wordScratch = scratch((length) => new Uint16Array(length))

/** Writes at least one symbol. Like `readSymbols`, it may overwrite the one behind the last. */
export function writeSymbols(writer: ByteWriter, symbols: Uint8Array, count: number): void {
  shares.fill(0)
  for (let index = 0; index < count; index++) {
    const symbol = symbols[index] as number
    shares[symbol] = (shares[symbol] as number) + 1
  }
  let least = 0
  let most = 255
  while (shares[least] === 0) least++
  while (shares[most] === 0) most--
  writer.byte(least)
  writer.byte(most - least)
  if (most === least) return

  const shareBits = shareBitsOf(count)
  symbols[count] = least
  const tableBytes = setShares(count, shareBits, least, most)
  const words = wordScratch(count + 5)
  const start = encode(symbols, count, shareBits, words)
  const width = widthOf(most - least)
  if (tableBytes + (words.length - start) * 2 >= (count * width) / 8) {
    writer.byte(codings.fixed)
    const view = writer.room(byteBehind(count * width) + bitsMargin)
    let at = writer.at * 8
    for (let index = 0; index < count; index++) at = putBits(view, at, (symbols[index] as number) - least, width)
    writer.at = byteBehind(at)
    return
  }
  writer.byte(codings.ranged)
  writeShares(writer, least, most)
  writer.append(new Uint8Array(words.buffer, start * 2, (words.length - start) * 2))
}

/** Reads back `count` symbols. */
export function readSymbols(reader: ByteReader, symbols: Uint8Array, count: number): void {
  const least = reader.byte()
  const span = reader.byte()
  if (span === 0) symbols.fill(least, 0, count)
  else if (reader.byte() === codings.fixed) {
    const width = widthOf(span)
    const start = reader.at * 8
    for (let index = 0; index < count; index++) symbols[index] = least + getBits(reader.view, start + index * width, width)
    reader.at = byteBehind(start + count * width)
  } else {
    const shareBits = shareBitsOf(count)
    readShares(reader, least, least + span, 1 << shareBits)
    decode(reader, symbols, count, shareBits)
  }
}

const widthOf = (span: number) => 32 - Math.clz32(span)
const shareBitsOf = (count: number) => Math.min(shareBitsMax, widthOf(count))

/** Turns counts into shares that add up to 2^shareBits; says about how many bytes they take. */
function setShares(count: number, shareBits: number, least: number, most: number): number {
  const whole = 1 << shareBits
  let sum = 0
  for (let symbol = least; symbol <= most; symbol++) {
    const occurs = shares[symbol] as number
    if (occurs > 0) sum += shares[symbol] = Math.max(1, Math.round((occurs * whole) / count))
  }
  while (sum !== whole) {
    const largest = shares.indexOf(shares.reduce((a, b) => Math.max(a, b)))
    const change = Math.max(whole - sum, -((shares[largest] as number) >> 1))
    shares[largest] = (shares[largest] as number) + change
    sum += change
  }
  let bytes = 0
  let start = 0
  for (let symbol = least; symbol <= most; symbol++) {
    const share = shares[symbol] as number
    starts[symbol] = start
    if (share > 0) bytes += share < 128 ? 1 : 2
    else if (shares[symbol - 1] !== 0) bytes += 2
    start += share
  }
  return bytes
}

/**
 * Encodes the last symbol first, from the end of `words` on, with two states in turn, which a processor works on at once. Returns where the words
 * begin: the states, then what decoding takes in.
 */
function encode(symbols: Uint8Array, count: number, shareBits: number, words: Uint16Array): number {
  const tops = 31 - shareBits
  const whole = 1 << shareBits
  let even = stateMin
  let odd = stateMin
  let at = words.length
  for (let index = count - 1 + (count & 1); index > 0; index -= 2) {
    let symbol = symbols[index] as number
    let share = shares[symbol] as number
    if (odd >>> tops >= share) {
      words[--at] = odd
      odd >>>= 16
    }
    odd += Math.imul((odd / share) | 0, whole - share) + (starts[symbol] as number)
    symbol = symbols[index - 1] as number
    share = shares[symbol] as number
    if (even >>> tops >= share) {
      words[--at] = even
      even >>>= 16
    }
    even += Math.imul((even / share) | 0, whole - share) + (starts[symbol] as number)
  }
  for (const state of [odd, even]) {
    words[--at] = state
    words[--at] = state >>> 16
  }
  return at
}

/** A share of 0 is followed by how many more there are. */
function writeShares(writer: ByteWriter, least: number, most: number): void {
  for (let symbol = least; symbol <= most; symbol++) {
    writer.varint(shares[symbol] as number)
    if (shares[symbol] !== 0) continue
    const start = symbol
    while (shares[symbol + 1] === 0) symbol++
    writer.varint(symbol - start)
  }
}

function readShares(reader: ByteReader, least: number, most: number, whole: number): void {
  let start = 0
  for (let symbol = least; symbol <= most; symbol++) {
    const share = reader.varint()
    if (share === 0) symbol += reader.varint()
    if (share >= whole || start + share > whole) break
    const entry = symbol | ((share - 1) << 8)
    for (let part = 0; part < share; part++) parts[start + part] = entry | (part << 20)
    start += share
  }
  if (start !== whole) throw new RangeError('the shares of the symbols do not add up')
}

function decode(reader: ByteReader, symbols: Uint8Array, count: number, shareBits: number): void {
  const { bytes } = reader
  const mask = (1 << shareBits) - 1
  let at = reader.at
  const word = (index: number) => (bytes[index] as number) | ((bytes[index + 1] as number) << 8)
  let even = (word(at) << 16) | word(at + 2)
  let odd = (word(at + 4) << 16) | word(at + 6)
  at += 8
  for (let index = 0; index < count; index += 2) {
    let part = parts[even & mask] as number
    symbols[index] = part
    even = Math.imul(((part >>> 8) & 0xfff) + 1, even >>> shareBits) + (part >>> 20)
    if (even < stateMin) {
      even = (even << 16) | word(at)
      at += 2
    }
    part = parts[odd & mask] as number
    symbols[index + 1] = part
    odd = Math.imul(((part >>> 8) & 0xfff) + 1, odd >>> shareBits) + (part >>> 20)
    if (odd < stateMin) {
      odd = (odd << 16) | word(at)
      at += 2
    }
  }
  reader.at = at
}
