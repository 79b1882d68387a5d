// How float64 values become whole numbers: by a decimal scale where that is exact, else as ranks where they are few, else as the bits of the floats.
// Single values that fit no scale are kept beside it, so that they do not spoil it for the others.

/** decimal: integer / 10^decimals; single: that, rounded to Float32 (what most PLCs send); ranks: the how-many-th of the distinct values. */
export const valueModes = { decimal: 0, single: 1, bits32: 2, bits64: 3, ranks: 4 } as const

/** What a row is, when its value is not that of its integer. */
export const rowStates = { whole: 0, missing: 1, infinite: 2, minusInfinite: 3, minusZero: 4, literal: 5 } as const

export interface ValuePlan {
  readonly mode: number
  readonly decimals: number
  /** Whether any row has a state other than whole. */
  readonly special: boolean
  /** For ranks, ascending. */
  readonly distinct?: Float64Array
}

const integerMax = 2 ** 53
/** How far integers may be from the first: so that what is foretold from several of them stays exact. */
const spreadMax = 2 ** 48
const decimalsMax = 15
/** Tried before the values are taken for rounded Float32, of which some have so many decimals by chance. */
export const commonDecimalsMax = 8
/** Per so many rows one value may be kept beside the scale: few at first, then as many as still cost less than the bits of a Float64. */
const rowsPerLiteral = { first: 256, last: 8 } as const
/** Distinct values are ranked when they are so many times fewer than rows, and from the first rows on not many more. */
const rowsPerRank = 4
const firstRanksMax = 64
export const powersOfTen: readonly number[] = Array.from({ length: decimalsMax + 1 }, (_, power) => Number(`1e${power}`))

/** Chooses the plan and fills `states`; but for bits also `integers`, where the row is whole. */
export function planValues(values: Float64Array, count: number, integers: Float64Array, states: Uint8Array): ValuePlan {
  const scale = (mode: number, from: number, to: number, literalsMax: number): ValuePlan | undefined => {
    for (let decimals = from; decimals <= to; decimals++) {
      const others = scaleBy(values, count, mode, decimals, literalsMax, integers, states)
      if (others !== undefined) return { mode, decimals, special: others > 0 }
    }
    return undefined
  }
  const few = Math.floor(count / rowsPerLiteral.first)
  const common = scale(valueModes.decimal, 0, commonDecimalsMax, few)
  if (common) return common
  const single = areSingles(values, count)
  const rare = single
    ? scale(valueModes.single, 0, commonDecimalsMax, few)
    : scale(valueModes.decimal, commonDecimalsMax + 1, decimalsMax, few)
  const plan = rare ?? rank(values, count, integers, states)
  if (plan) return plan
  const many = single ? undefined : scale(valueModes.decimal, 0, commonDecimalsMax, Math.floor(count / rowsPerLiteral.last))
  if (many) return many
  return { mode: single ? valueModes.bits32 : valueModes.bits64, decimals: 0, special: markSpecials(values, count, states) }
}

/** How many rows are not whole, or undefined when too many do not fit the scale. */
function scaleBy(
  values: Float64Array,
  count: number,
  mode: number,
  decimals: number,
  literalsMax: number,
  integers: Float64Array,
  states: Uint8Array,
): number | undefined {
  const power = powersOfTen[decimals] as number
  const single = mode === valueModes.single
  let room = literalsMax
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

/** The ranks of the values, or undefined when too many are distinct. */
function rank(values: Float64Array, count: number, integers: Float64Array, states: Uint8Array): ValuePlan | undefined {
  const special = markSpecials(values, count, states)
  const found = new Map<number, number>()
  for (let row = 0; row < count; row++)
    if (states[row] === rowStates.whole && !found.has(values[row] as number)) {
      found.set(values[row] as number, 0)
      if (found.size > firstRanksMax + row / rowsPerRank) return undefined
    }
  if (found.size * rowsPerRank > count) return undefined
  const distinct = Float64Array.from(found.keys()).toSorted()
  distinct.forEach((value, rank) => found.set(value, rank))
  for (let row = 0; row < count; row++) integers[row] = found.get(values[row] as number) ?? 0
  return { mode: valueModes.ranks, decimals: 0, special, distinct }
}

/** Marks the rows whose values say nothing about their neighbours; says whether there are any. */
function markSpecials(values: Float64Array, count: number, states: Uint8Array): boolean {
  let special = false
  for (let row = 0; row < count; row++) {
    const state = stateOf(values[row] as number)
    states[row] = state === rowStates.literal ? rowStates.whole : state
    special ||= state !== rowStates.literal
  }
  return special
}

function stateOf(x: number): number {
  if (x !== x) return rowStates.missing
  if (x === Infinity) return rowStates.infinite
  if (x === -Infinity) return rowStates.minusInfinite
  return x === 0 && 1 / x < 0 ? rowStates.minusZero : rowStates.literal
}

function areSingles(values: Float64Array, count: number): boolean {
  for (let row = 0; row < count; row++) {
    const x = values[row] as number
    if (Math.fround(x) !== x && x === x) return false
  }
  return true
}
