// The bits of floats as whole numbers in the order of the floats, so that neighbours differ little. The bits of negative floats run backwards: they
// are turned round.
import { scratch } from './scratch.ts'

const allButSign = 0x7fffffff
const singleScratch = scratch((length) => new Float32Array(length))

/** The bits of values as Float32. */
export function bitsOfSingles(values: Float64Array, count: number, bits: Float64Array): void {
  const singles = singleScratch(count)
  const raw = new Int32Array(singles.buffer)
  for (let row = 0; row < count; row++) singles[row] = values[row] as number
  for (let row = 0; row < count; row++) bits[row] = inOrder(raw[row] as number)
}

/** Replaces bits by the values that they are of. */
export function singlesOfBits(bits: Float64Array, count: number): void {
  const singles = singleScratch(count)
  const raw = new Int32Array(singles.buffer)
  for (let row = 0; row < count; row++) raw[row] = inOrder(bits[row] as number)
  for (let row = 0; row < count; row++) bits[row] = singles[row] as number
}

/** The high halves of the bits of values, signed. */
export function highBits(values: Float64Array, count: number, high: Float64Array): void {
  const raw = halves(values)
  for (let row = 0; row < count; row++) high[row] = inOrder(raw[2 * row + 1] as number)
}

/** The low halves, from 0 to 2^32 - 1. */
export function lowBits(values: Float64Array, count: number, low: Float64Array): void {
  const raw = halves(values)
  for (let row = 0; row < count; row++) low[row] = turned(raw[2 * row] as number, raw[2 * row + 1] as number) >>> 0
}

/** Replaces high halves by the values that they are of. */
export function doublesOfBits(high: Float64Array, low: Float64Array, count: number): void {
  const raw = halves(high)
  for (let row = 0; row < count; row++) {
    const upper = inOrder(high[row] as number)
    raw[2 * row] = turned(low[row] as number, upper)
    raw[2 * row + 1] = upper
  }
}

const halves = (values: Float64Array) => new Int32Array(values.buffer, values.byteOffset, 2 * values.length)
/** Its own reverse. */
const inOrder = (bits: number) => (bits < 0 ? bits ^ allButSign : bits)
const turned = (low: number, high: number) => (high < 0 ? ~low : low)
