// Every function's parameters and result.
import type { ValueType } from '#promql/syntax.ts'
import { sampleFunctions } from './sample-functions.ts'
import { windowFunctions } from './window-functions.ts'

export interface Signature {
  readonly takes: readonly ValueType[]
  /** How many of `takes` must be given. */
  readonly least: number
  /** The last of `takes` may come several times. */
  readonly more?: boolean
  readonly gives: ValueType
}

const others: Record<string, Signature> = {
  time: { takes: [], least: 0, gives: 'scalar' },
  pi: { takes: [], least: 0, gives: 'scalar' },
  scalar: { takes: ['vector'], least: 1, gives: 'scalar' },
  vector: { takes: ['scalar'], least: 1, gives: 'vector' },
  timestamp: { takes: ['vector'], least: 1, gives: 'vector' },
  absent: { takes: ['vector'], least: 1, gives: 'vector' },
  absent_over_time: { takes: ['matrix'], least: 1, gives: 'vector' },
  sort: { takes: ['vector'], least: 1, gives: 'vector' },
  sort_desc: { takes: ['vector'], least: 1, gives: 'vector' },
  label_replace: { takes: ['vector', 'string', 'string', 'string', 'string'], least: 5, gives: 'vector' },
  label_join: { takes: ['vector', 'string', 'string', 'string'], least: 3, more: true, gives: 'vector' },
}

/** What Prometheus has and Millwright has not, and why. */
export const unsupported: Record<string, string> = {
  ...Object.fromEntries(
    ['histogram_quantile', 'histogram_count', 'histogram_sum', 'histogram_fraction'].map((name) => [name, 'there are no histograms here']),
  ),
  count_values: 'it would make a series per value; write count(x == 1) for one of them',
  holt_winters: 'use avg_over_time or deriv instead',
}

export function signatureOf(name: string): Signature | undefined {
  if (Object.hasOwn(windowFunctions, name)) {
    const order = windowFunctions[name]?.parameter
    const takes: ValueType[] = order === 'before' ? ['scalar', 'matrix'] : order === 'after' ? ['matrix', 'scalar'] : ['matrix']
    return { takes, least: takes.length, gives: 'vector' }
  }
  if (Object.hasOwn(sampleFunctions, name)) {
    const { takes = 0, least = takes, ofTime = false } = sampleFunctions[name] ?? {}
    return { takes: ['vector', ...Array.from({ length: takes }, () => 'scalar' as const)], least: ofTime ? 0 : least + 1, gives: 'vector' }
  }
  return Object.hasOwn(others, name) ? others[name] : undefined
}
