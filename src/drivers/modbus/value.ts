// Turns registers into values and back: types, byte orders, scale and offset. Pure.
import { Rejected } from '#core/errors.ts'
import { isNumberType, widthOf, type ModbusAddress, type NumberType, type Order } from './settings.ts'

const scratchBytes = new Uint8Array(8)
const scratch = new DataView(scratchBytes.buffer)

/** Copies a value between wire order and ABCD; the same permutation serves both ways. Strings keep their words in order. */
function reorder(from: Uint8Array, offset: number, length: number, order: Order, into: Uint8Array, swapsWords: boolean): void {
  const words = swapsWords && (order === 'CDAB' || order === 'DCBA')
  const bytes = order === 'BADC' || order === 'DCBA' ? 1 : 0
  for (let i = 0; i < length; i++) {
    const word = words ? length / 2 - 1 - (i >> 1) : i >> 1
    into[i] = from[offset + word * 2 + ((i & 1) ^ bytes)] as number
  }
}

/** The number as it is coded at `offset`. May be NaN or infinite (floats), or an unsafe integer (64 bit): see `numberFault`. */
export function decodeNumber(bytes: Uint8Array, offset: number, type: NumberType, order: Order): number {
  reorder(bytes, offset, widthOf(type) * 2, order, scratchBytes, true)
  switch (type) {
    case 'int16':
      return scratch.getInt16(0)
    case 'uint16':
      return scratch.getUint16(0)
    case 'int32':
      return scratch.getInt32(0)
    case 'uint32':
      return scratch.getUint32(0)
    case 'int64':
      return Number(scratch.getBigInt64(0))
    case 'uint64':
      return Number(scratch.getBigUint64(0))
    case 'float32':
      return scratch.getFloat32(0)
    default:
      return scratch.getFloat64(0)
  }
}

/** Why a decoded number is no value, or undefined when it is one. */
export function numberFault(type: NumberType, raw: number): string | undefined {
  if (Number.isNaN(raw)) return `the ${type} is NaN (not a number)`
  if (!Number.isFinite(raw)) return `the ${type} is infinite`
  if ((type === 'int64' || type === 'uint64') && !Number.isSafeInteger(raw))
    return `the ${type} is beyond 2^53 and would lose digits; read its words as two uint32 tags`
  return undefined
}

/** Text up to the first zero byte, without trailing spaces: UTF-8, or Latin-1 where it is no UTF-8. */
export function decodeString(bytes: Uint8Array, offset: number, registers: number, order: Order): string {
  const text = Buffer.alloc(registers * 2)
  reorder(bytes, offset, text.length, order, text, false)
  const end = text.indexOf(0)
  const used = end < 0 ? text : text.subarray(0, end)
  const utf8 = used.toString('utf8')
  return (utf8.includes('\ufffd') ? used.toString('latin1') : utf8).trimEnd()
}

type Scale = Pick<ModbusAddress, 'scale' | 'offset'>

/** The whole number that `scale` is one part of (10 for 0.1), so that 3 × 0.1 gives 0.3; otherwise 0. */
function partsOf(scale: number): number {
  const parts = Math.round(1 / scale)
  return Math.abs(parts) > 1 && 1 / parts === scale ? parts : 0
}

export function scaled(raw: number, { scale, offset }: Scale): number {
  if (scale === 1) return raw + offset
  const parts = partsOf(scale)
  return (parts === 0 ? raw * scale : raw / parts) + offset
}

export function unscaled(value: number, { scale, offset }: Scale): number {
  const parts = partsOf(scale)
  return parts === 0 ? (value - offset) / scale : (value - offset) * parts
}

const integerRanges: Partial<Record<NumberType, readonly [number, number]>> = {
  int16: [-32_768, 32_767],
  uint16: [0, 65_535],
  int32: [-2_147_483_648, 2_147_483_647],
  uint32: [0, 4_294_967_295],
  int64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  uint64: [0, Number.MAX_SAFE_INTEGER],
}
const float32Max = 3.402_823_466_385_288_6e38

/** The registers that stand for a value, as bytes. Integers take the nearest step. Throws `Rejected` with the permitted range. */
export function encodeNumber(value: number, address: ModbusAddress): Buffer {
  const { type, order } = address
  if (!isNumberType(type)) throw new Rejected(`a ${type} takes no number`)
  const integers = integerRanges[type]
  const exact = unscaled(value, address)
  const raw = integers ? Math.round(exact) : exact
  const [low, high] = integers ?? (type === 'float32' ? [-float32Max, float32Max] : [-Number.MAX_VALUE, Number.MAX_VALUE])
  if (!(raw >= low && raw <= high)) {
    const ends = [scaled(low, address), scaled(high, address)].toSorted((a, b) => a - b)
    throw new Rejected(`${value} does not fit the ${type}: write ${ends[0]} to ${ends[1]}`)
  }
  switch (type) {
    case 'int16':
      scratch.setInt16(0, raw)
      break
    case 'uint16':
      scratch.setUint16(0, raw)
      break
    case 'int32':
      scratch.setInt32(0, raw)
      break
    case 'uint32':
      scratch.setUint32(0, raw)
      break
    case 'int64':
      scratch.setBigInt64(0, BigInt(raw))
      break
    case 'uint64':
      scratch.setBigUint64(0, BigInt(raw))
      break
    case 'float32':
      scratch.setFloat32(0, raw)
      break
    case 'float64':
      scratch.setFloat64(0, raw)
  }
  const wire = Buffer.alloc(widthOf(type) * 2)
  reorder(scratchBytes, 0, wire.length, order, wire, true)
  return wire
}

/** ASCII, filled up with zero bytes. Throws `Rejected` for what does not fit. */
export function encodeString(text: string, { length = 1, order }: Pick<ModbusAddress, 'length' | 'order'>): Buffer {
  if (!/^\p{ASCII}*$/u.test(text)) throw new Rejected('the device takes ASCII characters only')
  if (text.length > length * 2) throw new Rejected(`the text has ${text.length} characters; write at most ${length * 2}`)
  const plain = Buffer.alloc(length * 2)
  plain.write(text, 'ascii')
  const wire = Buffer.alloc(plain.length)
  reorder(plain, 0, plain.length, order, wire, false)
  return wire
}
