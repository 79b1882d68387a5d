// Rounds to multiples of a decimal, in a way that gives decimals again: the float64 nearest to 20.37, never 2037 × 0.01 with its error.

/** Beyond this, numbers and powers of ten are no longer exact. */
const decimalsMax = 15

/** A function that rounds to the nearest multiple; undefined when the precision is no decimal of up to 15 places. */
export function roundingTo(precision: number): ((x: number) => number) | undefined {
  for (let decimals = 0; decimals <= decimalsMax; decimals++) {
    const power = 10 ** decimals
    const parts = Math.round(precision * power)
    if (parts / power !== precision) continue
    return (x) => {
      const rounded = Math.round((x * power) / parts) * parts
      if (rounded === 0) return 0
      // What is too large for that has no decimals, or is no number.
      return Math.abs(rounded) <= Number.MAX_SAFE_INTEGER ? rounded / power : x
    }
  }
  return undefined
}
