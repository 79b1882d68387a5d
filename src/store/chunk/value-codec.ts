// Float64 values one by one, each of them exact: their plan, what does not fit it, and the whole numbers (`value-plan.ts`). Where the reader can
// foretell values out of what it has already, only the distances from those are written.
import type { ByteReader, ByteWriter } from './byte-stream.ts'
import { bitsOfSingles, highBits, singlesOfBits } from './float-bits.ts'
import { readFloats, readLow, writeFloats, writeLow } from './float-codec.ts'
import { readIntegers, writeIntegers } from './integer-codec.ts'
import { readByteRuns, writeByteRuns } from './runs.ts'
import { scratch } from './scratch.ts'
import { planValues, powersOfTen, rowStates, valueModes, type ValuePlan } from './value-plan.ts'

/** Bits of the first byte; the code is above them. */
const flags = { special: 1, relative: 2 } as const
const flagBits = 2
/** The code of each mode; decimals are added to it. */
const codes = [0, 16, 25, 26, 27] as const
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
  if (isBits(plan)) toIntegers(values, count, plan, integers)
  const base = expected && plan.mode !== valueModes.ranks ? takeOff(integers, states, count, plan, expected) : undefined
  const code = (codes[plan.mode] as number) + plan.decimals
  writer.byte((plan.special ? flags.special : 0) | (base ? flags.relative : 0) | (code << flagBits))
  if (plan.special) {
    writeByteRuns(writer, states, count)
    for (let row = 0; row < count; row++) if (states[row] === rowStates.literal) writer.float(values[row] as number)
    repeatOverGaps(integers, states, count)
  }
  if (plan.distinct) writeFloats(writer, plan.distinct)
  coder.write(writer, integers, count)
  if (plan.mode === valueModes.bits64) writeLow(writer, values, count, base)
}

/** Reads `count` values back, with the options that they were written with. */
export function readValues(reader: ByteReader, values: Float64Array, count: number, options: ValueOptions = {}): void {
  const { expected, coder = plainCoder } = options
  const form = reader.byte()
  const code = form >> flagBits
  const mode = codes.findLastIndex((first) => first <= code)
  const plan = { mode, decimals: code - (codes[mode] as number), special: (form & flags.special) !== 0 }
  const states = stateScratch(count)
  const literals: number[] = []
  if (plan.special) {
    readByteRuns(reader, states, count)
    for (let row = 0; row < count; row++) if (states[row] === rowStates.literal) literals.push(reader.float())
  }
  const distinct = mode === valueModes.ranks ? readFloats(reader, count) : undefined
  coder.read(reader, values, count)
  const base = form & flags.relative && expected ? finiteOnly(expected, count) : undefined
  if (base) putBack(values, count, plan, base)
  if (mode === valueModes.bits64) readLow(reader, values, count, base)
  else if (distinct) for (let row = 0; row < count; row++) values[row] = distinct[values[row] as number] ?? 0
  else toValues(values, count, plan)
  if (plan.special) putSpecials(values, states, count, literals)
}

const isBits = ({ mode }: ValuePlan) => mode === valueModes.bits32 || mode === valueModes.bits64

/** The whole numbers of values by a plan without exceptions; of a Float64 the high half. */
function toIntegers(values: Float64Array, count: number, { mode, decimals }: ValuePlan, integers: Float64Array): void {
  const power = powersOfTen[decimals] as number
  if (mode === valueModes.bits32) bitsOfSingles(values, count, integers)
  else if (mode === valueModes.bits64) highBits(values, count, integers)
  else for (let row = 0; row < count; row++) integers[row] = Math.round((values[row] as number) * power)
}

/**
 * Replaces integers by their distances from the expected ones, and returns what is expected, as it must be used. Undefined, and nothing changed,
 * when a distance is too large.
 */
function takeOff(
  integers: Float64Array,
  states: Uint8Array,
  count: number,
  plan: ValuePlan,
  expected: Float64Array,
): Float64Array | undefined {
  const base = finiteOnly(expected, count)
  const distances = otherScratch(count)
  toIntegers(base, count, plan, distances)
  for (let row = 0; row < count; row++) {
    const distance = (integers[row] as number) - (distances[row] as number)
    if (states[row] === rowStates.whole && !(Math.abs(distance) <= distanceMax)) return undefined
    distances[row] = distance
  }
  integers.set(distances.subarray(0, count))
  return base
}

function putBack(values: Float64Array, count: number, plan: ValuePlan, base: Float64Array): void {
  const expected = otherScratch(count)
  toIntegers(base, count, plan, expected)
  for (let row = 0; row < count; row++) values[row] = (values[row] as number) + (expected[row] as number)
}

const finiteOnly = (expected: Float64Array, count: number) => expected.subarray(0, count).map((x) => (Number.isFinite(x) ? x : 0))

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
  if (mode === valueModes.bits32) singlesOfBits(values, count)
  else if (mode === valueModes.single) for (let row = 0; row < count; row++) values[row] = Math.fround((values[row] as number) / power)
  else if (decimals > 0) for (let row = 0; row < count; row++) values[row] = (values[row] as number) / power
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
