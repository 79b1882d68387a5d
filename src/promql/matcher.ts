// What a selector says of one label. A label that a series does not have counts as the empty text.
import type { Labels } from './labels.ts'
import { createPattern } from './pattern.ts'

export const matchOperators = ['=', '!=', '=~', '!~'] as const
export type MatchOperator = (typeof matchOperators)[number]

export interface Matcher {
  readonly name: string
  readonly operator: MatchOperator
  readonly value: string
  readonly matches: (value: string) => boolean
  /** How much work a value may be, compared with others. */
  readonly weight: number
}

/** Throws `Rejected` when a regular expression is not understood. */
export function createMatcher(name: string, operator: MatchOperator, value: string): Matcher {
  return { name, operator, value, ...testOf(operator, value) }
}

export const selects = (matchers: readonly Matcher[], labels: Labels): boolean =>
  matchers.every(({ name, matches }) => matches(labels.get(name) ?? ''))

function testOf(operator: MatchOperator, wanted: string): Pick<Matcher, 'matches' | 'weight'> {
  if (operator === '=') return { matches: (value) => value === wanted, weight: 1 }
  if (operator === '!=') return { matches: (value) => value !== wanted, weight: 1 }
  const { matches, weight } = createPattern(wanted)
  return { matches: operator === '=~' ? matches : (value) => !matches(value), weight }
}
