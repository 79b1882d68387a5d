// Numbers of points as people write them: 50M, 50k, 1.5M, 200000.
import { round } from './statistics.ts'

const factors = { '': 1, k: 1e3, m: 1e6 }

/** Throws a plain sentence for anything else. */
export function readCount(text: string): number {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)([km]?)$/i.exec(text) ?? []
  if (digits === undefined) throw new Error(`"${text}" is no number of points; write it as 50M, 50k or 50000`)
  return Math.round(Number(digits) * factors[unit.toLowerCase() as keyof typeof factors])
}

export function countText(count: number): string {
  if (count >= 1e6) return `${round(count / 1e6)}M`
  return count >= 1e3 ? `${round(count / 1e3)}k` : String(count)
}
