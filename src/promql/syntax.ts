// What a PromQL query says, as a tree.
import type { Micros } from '#core/time.ts'
import type { Matcher } from './matcher.ts'

/** What an expression gives: a number or a set of series per step, samples over a window per step, or a text. */
export type ValueType = 'scalar' | 'vector' | 'matrix' | 'string'

export type Expression = NumberLiteral | TextLiteral | Selector | RangeSelector | Call | Aggregation | Binary | Minus

interface Node {
  /** Offset in the query's text. */
  readonly at: number
}

export interface NumberLiteral extends Node {
  readonly kind: 'number'
  readonly value: number
}

export interface TextLiteral extends Node {
  readonly kind: 'text'
  readonly text: string
}

export interface Selector extends Node {
  readonly kind: 'selector'
  readonly matchers: readonly Matcher[]
  readonly offsetUs: number
  /** `@`: a fixed time for all steps. */
  readonly time: Micros | 'start' | 'end' | undefined
}

export interface RangeSelector extends Node {
  readonly kind: 'range'
  readonly selector: Selector
  readonly windowUs: number
}

export interface Call extends Node {
  readonly kind: 'call'
  readonly name: string
  readonly parameters: readonly Expression[]
}

export interface Grouping {
  readonly without: boolean
  readonly labels: readonly string[]
}

export interface Aggregation extends Node {
  readonly kind: 'aggregation'
  readonly operator: AggregationOperator
  readonly grouping: Grouping
  readonly parameter: Expression | undefined
  readonly body: Expression
}

export interface Matching {
  readonly on: boolean
  readonly labels: readonly string[]
  /** The side with several series per match, and the labels it takes from the other. */
  readonly many: 'left' | 'right' | undefined
  readonly include: readonly string[]
}

export interface Binary extends Node {
  readonly kind: 'binary'
  readonly operator: BinaryOperator
  readonly left: Expression
  readonly right: Expression
  readonly bool: boolean
  readonly matching: Matching
}

export interface Minus extends Node {
  readonly kind: 'minus'
  readonly body: Expression
}

export const setOperators = ['and', 'or', 'unless'] as const
export const comparisons = ['==', '!=', '<', '>', '<=', '>='] as const
export const arithmetic = ['+', '-', '*', '/', '%', '^', 'atan2'] as const
export type SetOperator = (typeof setOperators)[number]
export type Comparison = (typeof comparisons)[number]
export type Arithmetic = (typeof arithmetic)[number]
export type BinaryOperator = SetOperator | Comparison | Arithmetic

export const isSetOperator = (operator: BinaryOperator): operator is SetOperator => setOperators.includes(operator as SetOperator)
export const isComparison = (operator: BinaryOperator): operator is Comparison => comparisons.includes(operator as Comparison)

/** Every aggregation, and what its parameter is. */
export const aggregationParameters = {
  sum: undefined,
  avg: undefined,
  min: undefined,
  max: undefined,
  count: undefined,
  group: undefined,
  stddev: undefined,
  stdvar: undefined,
  topk: 'scalar',
  bottomk: 'scalar',
  quantile: 'scalar',
} as const satisfies Record<string, ValueType | undefined>
export type AggregationOperator = keyof typeof aggregationParameters
