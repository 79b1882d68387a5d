// How float64 values become whole numbers: by a decimal scale where that is exact, else as the bits of the floats. Single values that fit no scale
// are kept beside it, so that they do not spoil it for the others.

/** decimal: integer / 10^decimals; single: that, rounded to Float32 (what most PLCs send); bits32: a Float32; bits64: a Float64. */
export const valueModes = { decimal: 0, single: 1, bits32: 2, bits64: 3 } as const

/** What a row is, when its value is not that of its integer. */
export const rowStates = { whole: 0, missing: 1, infinite: 2, minusInfinite: 3, minusZero: 4, literal: 5 } as const

export interface ValuePlan {
  readonly mode: number
  readonly decimals: number
  /** Whether any row has a state other than whole. */
  readonly special: boolean
}

const integerMax = 2 ** 53
/** How far integers may be from the first: so that what is foretold from several of them stays exact. */
const spreadMax = 2 ** 48
/** Fits in four bits. */
const decimalsMax = 15
/** Tried before the values are taken for rounded Float32, of which some have so many decimals by chance. */
const commonDecimalsMax = 8
/** Per so many rows one value may be kept beside the scale. */
const rowsPerLiteral = 256
export const powersOfTen: readonly number[] = Array.from({ length: decimalsMax + 1 }, (_, power) => 10 ** power)

/** Chooses the plan and fills `states`; for the decimal modes also `integers`, where the row is whole. */
export function planValues(values: Float64Array, count: number, integers: Float64Array, states: Uint8Array): ValuePlan {
  const scale = (mode: number, from: number, to: number): ValuePlan | undefined => {
    for (let decimals = from; decimals <= to; decimals++) {
      const others = scaleBy(values, count, mode, decimals, integers, states)
      if (others !== undefined) return { mode, decimals, special: others > 0 }
    }
    return undefined
  }
  const common = scale(valueModes.decimal, 0, commonDecimalsMax)
  if (common) return common
  const single = areSingles(values, count)
  const rare = single ? scale(valueModes.single, 0, commonDecimalsMax) : scale(valueModes.decimal, commonDecimalsMax + 1, decimalsMax)
  if (rare) return rare
  return { mode: single ? valueModes.bits32 : valueModes.bits64, decimals: 0, special: markMissing(values, count, states) }
}

/** How many rows are not whole, or undefined when too many do not fit the scale. */
function scaleBy(
  values: Float64Array,
  count: number,
  mode: number,
  decimals: number,
  integers: Float64Array,
  states: Uint8Array,
): number | undefined {
  const power = powersOfTen[decimals] as number
  const single = mode === valueModes.single
  let room = Math.floor(count / rowsPerLiteral)
  let others = 0
  let first = Number.NaN
  states.fill(rowStates.whole, 0, count)
  for (let row = 0; row < count; row++) {
    const x = values[row] as number
    const integer = Math.round(x * power)
    const back = single ? Math.fround(integer / power) : integer / power
    // Comparisons with a NaN are false, so the first whole row is never too far from itself.
    if (back === x && Math.abs(integer) <= integerMax && !(Math.abs(integer - first) > spreadMax) && (integer !== 0 || 1 / x > 0)) {
      integers[row] = integer
      if (first !== first) first = integer
      continue
    }
    const state = stateOf(x)
    if (state === rowStates.literal && --room < 0) return undefined
    states[row] = state
    others++
  }
  return others
}

function stateOf(x: number): number {
  if (x !== x) return rowStates.missing
  if (x === Infinity) return rowStates.infinite
  if (x === -Infinity) return rowStates.minusInfinite
  return Object.is(x, -0) ? rowStates.minusZero : rowStates.literal
}

function areSingles(values: Float64Array, count: number): boolean {
  for (let row = 0; row < count; row++) {
    const x = values[row] as number
    if (Math.fround(x) !== x && x === x) return false
  }
  return true
}

function markMissing(values: Float64Array, count: number, states: Uint8Array): boolean {
  let special = false
  for (let row = 0; row < count; row++) {
    const missing = Number.isNaN(values[row])
    states[row] = missing ? rowStates.missing : rowStates.whole
    special ||= missing
  }
  return special
}
