// Whether two tables of summaries say the same: sums that were added in another order differ in their last digits.
import { column, summaryWidth } from '#store/rollup/summary.ts'

const relative = 1e-9
/** Of what was added, where most of it cancelled out. */
const absolute = 1e-12

export function sameSummaries(a: Float64Array, b: Float64Array): boolean {
  if (a.length !== b.length) return false
  for (let at = 0; at < a.length; at += summaryWidth) {
    const get = (name: keyof typeof column) => a[at + column[name]] as number
    const size = Math.max(Math.abs(get('min')), Math.abs(get('max')))
    const added: Partial<Record<number, number>> = {
      [column.sum]: get('count') * size,
      [column.squares]: (get('count') * (get('max') - get('min'))) ** 2,
      [column.integral]: get('held') * size,
    }
    for (let index = 0; index < summaryWidth; index++) {
      const [x, y, sum] = [a[at + index] as number, b[at + index] as number, added[index]]
      if (Object.is(x, y) || (sum !== undefined && isNear(x, y, sum))) continue
      return false
    }
  }
  return true
}

/** Sums beyond all numbers say nothing. */
const isNear = (x: number, y: number, sum: number) =>
  !Number.isFinite(sum) || Math.abs(x - y) <= relative * Math.max(Math.abs(x), Math.abs(y)) + absolute * sum
