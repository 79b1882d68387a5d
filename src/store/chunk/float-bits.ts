// The bits of floats as whole numbers in the order of the floats, so that neighbours differ little. The bits of negative floats run backwards; they
// are turned round.

const allBits = 0x7fffffff
const single = new Float32Array(1)
const singleBits = new Int32Array(single.buffer)
const double = new Float64Array(1)
/** Low half, high half. */
const doubleBits = new Int32Array(double.buffer)

export function bitsOfSingle(x: number): number {
  single[0] = x
  const bits = singleBits[0] as number
  return bits < 0 ? bits ^ allBits : bits
}

export function singleOfBits(ordered: number): number {
  singleBits[0] = ordered < 0 ? ordered ^ allBits : ordered
  return single[0] as number
}

/** The high half, signed. */
export function highBits(x: number): number {
  double[0] = x
  const bits = doubleBits[1] as number
  return bits < 0 ? bits ^ allBits : bits
}

/** The low half, from 0 to 2^32 - 1. */
export function lowBits(x: number): number {
  double[0] = x
  return ((doubleBits[1] as number) < 0 ? ~(doubleBits[0] as number) : (doubleBits[0] as number)) >>> 0
}

export function doubleOfBits(high: number, low: number): number {
  doubleBits[1] = high < 0 ? high ^ allBits : high
  doubleBits[0] = high < 0 ? ~low : low
  return double[0] as number
}
