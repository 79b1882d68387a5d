// Float64 values one by one, each of them exact: their plan, what does not fit it, and the whole numbers (`value-plan.ts`). Where the reader can
// foretell values out of what it has already, only the distances from those are written.
import type { ByteReader, ByteWriter } from './byte-stream.ts'
import { bitsOfSingles, doublesOfBits, highBits, lowBits, singlesOfBits } from './float-bits.ts'
import { commonDivisor, middleDistance } from './foresight.ts'
import { readIntegers, writeIntegers } from './integer-codec.ts'
import { readByteRuns, writeByteRuns } from './runs.ts'
import { scratch } from './scratch.ts'
import { planValues, powersOfTen, rowStates, valueModes, type ValuePlan } from './value-plan.ts'

/** Bits of the first byte; above them the mode and its decimals. */
const flags = { special: 1, relative: 2, bits: 2 } as const
/** The first code of each mode; decimals count on from it. */
const codes = [0, 16, 25, 26, 27] as const
/** How low halves of floats are written. */
const lowForms = { integers: 0, raw: 1 } as const
/** Low halves farther apart than this are noise, which is quicker raw. */
const noiseMin = 2 ** 29
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
  writer.byte((plan.special ? flags.special : 0) | (base ? flags.relative : 0) | (code << flags.bits))
  if (plan.special) {
    writeByteRuns(writer, states, count)
    for (let row = 0; row < count; row++) if (states[row] === rowStates.literal) writer.float(values[row] as number)
    repeatOverGaps(integers, states, count)
  }
  if (plan.distinct) writeDistinct(writer, plan.distinct)
  coder.write(writer, integers, count)
  if (plan.mode === valueModes.bits64) writeLow(writer, values, count, base)
}

/** Reads `count` values back, with the options that they were written with. */
export function readValues(reader: ByteReader, values: Float64Array, count: number, options: ValueOptions = {}): void {
  const { expected, coder = plainCoder } = options
  const form = reader.byte()
  const code = form >> flags.bits
  const mode = codes.findLastIndex((first) => first <= code)
  const plan = { mode, decimals: code - (codes[mode] as number), special: (form & flags.special) !== 0 }
  const states = stateScratch(count)
  const literals: number[] = []
  if (plan.special) {
    readByteRuns(reader, states, count)
    for (let row = 0; row < count; row++) if (states[row] === rowStates.literal) literals.push(reader.float())
  }
  const distinct = mode === valueModes.ranks ? readDistinct(reader, count) : undefined
  coder.read(reader, values, count)
  const base = form & flags.relative && expected ? finiteOnes(expected, count) : undefined
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
  const base = finiteOnes(expected, count)
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

const finiteOnes = (expected: Float64Array, count: number) => expected.subarray(0, count).map((x) => (Number.isFinite(x) ? x : 0))

/** Writes the low halves of values, as far as they differ from those of `base`. */
function writeLow(writer: ByteWriter, values: Float64Array, count: number, base?: Float64Array): void {
  const low = otherScratch(count)
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
function readLow(reader: ByteReader, values: Float64Array, count: number, base?: Float64Array): void {
  const low = otherScratch(count)
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

function writeDistinct(writer: ByteWriter, distinct: Float64Array): void {
  const high = new Float64Array(distinct.length)
  highBits(distinct, distinct.length, high)
  writer.varint(distinct.length)
  writeIntegers(writer, high, high.length)
  writeLow(writer, distinct, distinct.length)
}

function readDistinct(reader: ByteReader, count: number): Float64Array {
  const length = reader.varint()
  if (length > count) throw new RangeError('there are more distinct values than rows')
  const distinct = new Float64Array(length)
  readIntegers(reader, distinct, length)
  readLow(reader, distinct, length)
  return distinct
}

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
