// Float64 values one by one, each of them exact: their plan, what does not fit it, and the whole numbers (`value-plan.ts`). Where the reader can
// foretell values out of what it has already, only the distances from those are written.
import type { ByteReader, ByteWriter } from './byte-stream.ts'
import { bitsOfSingle, doubleOfBits, highBits, lowBits, singleOfBits } from './float-bits.ts'
import { readIntegers, writeIntegers } from './integer-codec.ts'
import { readByteRuns, writeByteRuns } from './runs.ts'
import { scratch } from './scratch.ts'
import { planValues, powersOfTen, rowStates, valueModes, type ValuePlan } from './value-plan.ts'

/** Bits of the first byte; the lowest two are the mode, the upper four the decimals. */
const flags = { special: 4, relative: 8 } as const
/** Where any whole number is farther than this from what is expected, the expectation is of no use. */
const distanceMax = 2 ** 49

/** How the whole numbers are written. */
export interface IntegerCoder {
  write(writer: ByteWriter, integers: Float64Array, count: number): void
  read(reader: ByteReader, integers: Float64Array, count: number): void
}

export interface ValueOptions {
  /** What the reader will foretell for each row. */
  readonly expected?: Float64Array
  readonly coder?: IntegerCoder
}

const plainCoder: IntegerCoder = { write: writeIntegers, read: readIntegers }
const integerScratch = scratch((length) => new Float64Array(length))
const otherScratch = scratch((length) => new Float64Array(length))
const stateScratch = scratch((length) => new Uint8Array(length))

/** Writes at least one value. */
export function writeValues(writer: ByteWriter, values: Float64Array, count: number, options: ValueOptions = {}): void {
  const { expected, coder = plainCoder } = options
  const integers = integerScratch(count)
  const states = stateScratch(count)
  const plan = planValues(values, count, integers, states)
  if (plan.mode === valueModes.bits32) for (let row = 0; row < count; row++) integers[row] = bitsOfSingle(values[row] as number)
  if (plan.mode === valueModes.bits64) for (let row = 0; row < count; row++) integers[row] = highBits(values[row] as number)
  const base = expected && takeOff(integers, states, count, plan, expected) ? expected : undefined
  writer.byte(plan.mode | (plan.special ? flags.special : 0) | (base ? flags.relative : 0) | (plan.decimals << 4))
  if (plan.special) {
    writeByteRuns(writer, states, count)
    for (let row = 0; row < count; row++) if (states[row] === rowStates.literal) writer.float(values[row] as number)
    repeatOverGaps(integers, states, count)
  }
  coder.write(writer, integers, count)
  if (plan.mode !== valueModes.bits64) return
  for (let row = 0; row < count; row++) integers[row] = (lowBits(values[row] as number) - lowExpected(base, row)) >>> 0
  if (plan.special) repeatOverGaps(integers, states, count)
  writeIntegers(writer, integers, count)
}

/** Reads `count` values back, with the options that they were written with. */
export function readValues(reader: ByteReader, values: Float64Array, count: number, options: ValueOptions = {}): void {
  const { expected, coder = plainCoder } = options
  const form = reader.byte()
  const mode = form & 3
  const plan = { mode, decimals: form >> 4, special: (form & flags.special) !== 0 }
  const states = stateScratch(count)
  const literals: number[] = []
  if (plan.special) {
    readByteRuns(reader, states, count)
    for (let row = 0; row < count; row++) if (states[row] === rowStates.literal) literals.push(reader.float())
  }
  coder.read(reader, values, count)
  const base = form & flags.relative ? expected : undefined
  if (base) for (let row = 0; row < count; row++) values[row] = (values[row] as number) + integerOf(base[row] as number, plan)
  if (mode === valueModes.bits64) joinHalves(reader, values, count, base)
  else toValues(values, count, plan)
  if (plan.special) putSpecials(values, states, count, literals)
}

/** Replaces integers by their distances from the expected ones; false, and nothing changed, when one is too far away. */
function takeOff(integers: Float64Array, states: Uint8Array, count: number, plan: ValuePlan, expected: Float64Array): boolean {
  const distances = otherScratch(count)
  for (let row = 0; row < count; row++) {
    if (states[row] !== rowStates.whole) continue
    const distance = (integers[row] as number) - integerOf(expected[row] as number, plan)
    if (!(Math.abs(distance) <= distanceMax)) return false
    distances[row] = distance
  }
  integers.set(distances.subarray(0, count))
  return true
}

/** The whole number of an expected value. */
function integerOf(expected: number, { mode, decimals }: ValuePlan): number {
  const x = finite(expected)
  if (mode === valueModes.bits64) return highBits(x)
  return mode === valueModes.bits32 ? bitsOfSingle(x) : Math.round(x * (powersOfTen[decimals] as number))
}

const lowExpected = (base: Float64Array | undefined, row: number) => (base ? lowBits(finite(base[row] as number)) : 0)
const finite = (x: number) => (Number.isFinite(x) ? x : 0)

/** Gives each row that is not whole the integer of the row before it, or of the first whole row: that costs least. */
function repeatOverGaps(integers: Float64Array, states: Uint8Array, count: number): void {
  const firstWhole = states.subarray(0, count).indexOf(rowStates.whole)
  let previous = firstWhole < 0 ? 0 : (integers[firstWhole] as number)
  for (let row = 0; row < count; row++) {
    if (states[row] === rowStates.whole) previous = integers[row] as number
    else integers[row] = previous
  }
}

function toValues(values: Float64Array, count: number, { mode, decimals }: ValuePlan): void {
  const power = powersOfTen[decimals] as number
  if (mode === valueModes.bits32) for (let row = 0; row < count; row++) values[row] = singleOfBits(values[row] as number)
  else if (mode === valueModes.single) for (let row = 0; row < count; row++) values[row] = Math.fround((values[row] as number) / power)
  else if (decimals > 0) for (let row = 0; row < count; row++) values[row] = (values[row] as number) / power
}

/** Reads the low halves to the high ones in `values`. */
function joinHalves(reader: ByteReader, values: Float64Array, count: number, base: Float64Array | undefined): void {
  const lows = otherScratch(count)
  readIntegers(reader, lows, count)
  for (let row = 0; row < count; row++) values[row] = doubleOfBits(values[row] as number, (lows[row] as number) + lowExpected(base, row))
}

function putSpecials(values: Float64Array, states: Uint8Array, count: number, literals: readonly number[]): void {
  let next = 0
  for (let row = 0; row < count; row++) {
    const state = states[row] as number
    if (state === rowStates.missing) values[row] = Number.NaN
    else if (state === rowStates.infinite) values[row] = Infinity
    else if (state === rowStates.minusInfinite) values[row] = -Infinity
    else if (state === rowStates.minusZero) values[row] = -0
    else if (state === rowStates.literal) values[row] = literals[next++] as number
  }
}
