// What a selector says of one label. A label that a series does not have counts as the empty text.
import type { Labels } from './labels.ts'
import { createPattern } from './regex/pattern.ts'

export const matchOperators = ['=', '!=', '=~', '!~'] as const
export type MatchOperator = (typeof matchOperators)[number]

export interface Matcher {
  readonly name: string
  readonly operator: MatchOperator
  readonly value: string
  readonly matches: (value: string) => boolean
}

/** Throws `Rejected` when a regular expression is not understood. */
export function createMatcher(name: string, operator: MatchOperator, value: string): Matcher {
  const matches = testOf(operator, value)
  return { name, operator, value, matches }
}

export const selects = (matchers: readonly Matcher[], labels: Labels): boolean =>
  matchers.every(({ name, matches }) => matches(labels.get(name) ?? ''))

function testOf(operator: MatchOperator, wanted: string): Matcher['matches'] {
  if (operator === '=') return (value) => value === wanted
  if (operator === '!=') return (value) => value !== wanted
  const pattern = createPattern(wanted)
  return operator === '=~' ? (value) => pattern.matches(value) : (value) => !pattern.matches(value)
}
