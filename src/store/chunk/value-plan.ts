// How a chunk's values are written: as integers of a decimal scale where that is exact, else as floats in byte planes.

/** decimal: integer / 10^decimals; single: that, rounded to Float32 (what most PLCs send); raw32, raw64: the floats themselves. */
export const valueModes = { decimal: 0, single: 1, raw32: 2, raw64: 3 } as const

export interface ValuePlan {
  readonly mode: number
  readonly decimals: number
}

const decimalsMax = 8
export const powersOfTen: readonly number[] = Array.from({ length: decimalsMax + 1 }, (_, power) => 10 ** power)
const integerMax = 1e15

/** Chooses the plan; for the integer modes `integers` then holds the scaled values, a missing one repeated from the row before. */
export function planValues(value: Float64Array, count: number, integers: Float64Array): ValuePlan {
  const decimals = scaleOf(value, count, false, integers)
  if (decimals >= 0) return { mode: valueModes.decimal, decimals }
  for (let row = 0; row < count; row++) {
    const x = value[row] as number
    if (Math.fround(x) !== x && !Number.isNaN(x)) return { mode: valueModes.raw64, decimals: 0 }
  }
  const singleDecimals = scaleOf(value, count, true, integers)
  return singleDecimals >= 0 ? { mode: valueModes.single, decimals: singleDecimals } : { mode: valueModes.raw32, decimals: 0 }
}

/** The least decimals with which every value comes back exactly, or -1. */
function scaleOf(value: Float64Array, count: number, single: boolean, integers: Float64Array): number {
  let decimals = 0
  for (let row = 0; row < count; row++) {
    const x = value[row] as number
    if (Number.isNaN(x)) continue
    while (!isExact(x, decimals, single)) if (++decimals > decimalsMax) return -1
  }
  const power = powersOfTen[decimals] as number
  let previous = 0
  for (let row = 0; row < count; row++) {
    const x = value[row] as number
    if (!Number.isNaN(x)) {
      if (!isExact(x, decimals, single)) return -1
      previous = Math.round(x * power)
    }
    integers[row] = previous
  }
  return decimals
}

function isExact(x: number, decimals: number, single: boolean): boolean {
  const power = powersOfTen[decimals] as number
  const integer = Math.round(x * power)
  if (integer > integerMax || integer < -integerMax || (integer === 0 && Object.is(x, -0))) return false
  const back = integer / power
  return (single ? Math.fround(back) : back) === x
}
