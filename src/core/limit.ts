// Limits applied to values. Apart from the schemas, so that the browser need not load them.
import type { Limits } from './tag.ts'

/** Which limit a value is beyond, the outermost first, or undefined. */
export function limitExceeded(limits: Limits | undefined, value: number): keyof Limits | undefined {
  if (!limits) return undefined
  if (limits.highHigh !== undefined && value > limits.highHigh) return 'highHigh'
  if (limits.lowLow !== undefined && value < limits.lowLow) return 'lowLow'
  if (limits.high !== undefined && value > limits.high) return 'high'
  if (limits.low !== undefined && value < limits.low) return 'low'
  return undefined
}
