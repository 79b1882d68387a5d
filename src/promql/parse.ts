// Reads PromQL: precedence and associativity exactly as in Prometheus' own grammar. What is not understood is `Rejected`, with the position.
import { Rejected } from '#core/errors.ts'
import { checkAggregation, checkBinary, checkCall, signable } from './check.ts'
import { Cursor } from './cursor.ts'
import { refusal } from './failure.ts'
import { tokensOf } from './lexer.ts'
import { parseNumber } from './number.ts'
import { parsePostfix, parseSelector } from './parse-selector.ts'
import { aggregationParameters, comparisons, isComparison, isSetOperator } from './syntax.ts'
import type { AggregationOperator, Binary, BinaryOperator, Expression, Grouping, Matching, Selector } from './syntax.ts'

/** Deepest nesting; a chain of operators counts too, for it is a tree that leans to the left. */
const depthMax = 250

/** From loose to tight; all lean to the left but ^. */
const levels: readonly (readonly BinaryOperator[])[] = [['or'], ['and', 'unless'], comparisons, ['+', '-'], ['*', '/', '%', 'atan2'], ['^']]
const precedence = new Map(levels.flatMap((operators, level) => operators.map((operator) => [operator, level] as const)))
/** A minus binds as tightly as a multiplication: -1 ^ 2 is -(1 ^ 2). */
const tighterThanMinus = levels.length - 1
/** Words that cannot name a metric. */
const reserved = ['bool', 'on', 'ignoring', 'group_left', 'group_right']

/** Reads a whole query. */
export function parse(query: string): Expression {
  const parser = new Parser(new Cursor(tokensOf(query)))
  return parser.whole()
}

/** Reads what `match[]` of the API takes: a selector alone. */
export function parseSeriesSelector(text: string): Selector {
  const expression = parse(text)
  if (expression.kind !== 'selector' || expression.offsetUs !== 0 || expression.time !== undefined)
    throw new Rejected(`"${text}" is no series selector such as temperature{machine="pump-1"}`)
  return expression
}

class Parser {
  readonly #cursor: Cursor
  #depth = 0

  constructor(cursor: Cursor) {
    this.#cursor = cursor
  }

  whole(): Expression {
    if (this.#cursor.peek().kind === 'end') throw new Rejected('the query is empty')
    const expression = this.#expression(0)
    if (this.#cursor.peek().kind !== 'end') throw this.#cursor.unexpected('an operator or the end')
    return expression
  }

  #expression(least: number): Expression {
    const depth = this.#depth
    this.#descend()
    let left = this.#operand()
    for (let operator = this.#operator(least); operator; operator = this.#operator(least)) {
      // Each operator puts what stands before it one level down.
      this.#descend()
      left = this.#binary(left, operator)
    }
    this.#depth = depth
    return left
  }

  #operator(least: number): BinaryOperator | undefined {
    const { kind, text } = this.#cursor.peek()
    const operator = (kind === 'word' ? text.toLowerCase() : kind === 'sign' ? text : '') as BinaryOperator
    return (precedence.get(operator) ?? -1) >= least ? operator : undefined
  }

  #binary(left: Expression, operator: BinaryOperator): Expression {
    const { at } = this.#cursor.next()
    const bool = this.#cursor.keyword('bool') !== undefined
    if (bool && !isComparison(operator)) throw refusal('bool is possible behind a comparison only', at)
    const matching = this.#matching(operator, at)
    const right = this.#expression((precedence.get(operator) as number) + (operator === '^' ? 0 : 1))
    const binary: Binary = { kind: 'binary', operator, left, right, bool, matching: matching ?? matchAll, at }
    return checkBinary(binary, matching !== undefined)
  }

  #matching(operator: BinaryOperator, at: number): Matching | undefined {
    const kind = this.#cursor.keyword('on', 'ignoring')
    if (!kind) return undefined
    const labels = this.#labels(kind)
    const group = this.#cursor.keyword('group_left', 'group_right')
    if (!group) return { on: kind === 'on', labels, many: undefined, include: [] }
    if (isSetOperator(operator)) throw refusal(`${group} is not possible with ${operator}`, at)
    const include = this.#cursor.is('sign', '(') ? this.#labels(group) : []
    const both = kind === 'on' ? include.find((label) => labels.includes(label)) : undefined
    if (both !== undefined) throw refusal(`the label "${both}" is in on() and in ${group}() at once`, at)
    return { on: kind === 'on', labels, many: group === 'group_left' ? 'left' : 'right', include }
  }

  #labels(where: string): string[] {
    this.#cursor.need('(', where)
    const labels: string[] = []
    while (!this.#cursor.sign(')')) {
      const { kind, text } = this.#cursor.peek()
      if (kind !== 'word' || text.includes(':')) throw this.#cursor.unexpected('a label', where)
      labels.push(this.#cursor.next().text)
      if (!this.#cursor.is('sign', ')')) this.#cursor.need(',', where)
    }
    return labels
  }

  #operand(): Expression {
    const { at } = this.#cursor.peek()
    if (this.#cursor.sign('-')) {
      const body = signable(this.#expression(tighterThanMinus), at)
      return body.kind === 'number' ? { ...body, value: -body.value, at } : { kind: 'minus', body, at }
    }
    if (this.#cursor.sign('+')) return signable(this.#expression(tighterThanMinus), at)
    if (this.#cursor.sign('(')) {
      const inner = this.#expression(0)
      this.#cursor.need(')', 'parentheses')
      return parsePostfix(this.#cursor, inner, false)
    }
    return parsePostfix(this.#cursor, this.#primary(), true)
  }

  #primary(): Expression {
    const { kind, text, at } = this.#cursor.peek()
    const value = parseNumber(this.#cursor)
    if (value !== undefined) return { kind: 'number', value, at }
    if (kind === 'string') return { kind: 'text', text: this.#cursor.next().text, at }
    if (this.#cursor.is('sign', '{')) return parseSelector(this.#cursor)
    if (kind !== 'word' || reserved.includes(text.toLowerCase())) throw this.#cursor.unexpected('an expression')
    const aggregation = text.toLowerCase()
    if (Object.hasOwn(aggregationParameters, aggregation) && this.#aggregates())
      return this.#aggregation(aggregation as AggregationOperator)
    if (this.#cursor.is('sign', '(', 1)) return this.#call()
    return parseSelector(this.#cursor)
  }

  /** Whether the next word is an aggregation rather than a metric of that name. */
  #aggregates(): boolean {
    const { kind, text } = this.#cursor.peek(1)
    return (kind === 'sign' && text === '(') || (kind === 'word' && ['by', 'without'].includes(text.toLowerCase()))
  }

  #aggregation(operator: AggregationOperator): Expression {
    const { at } = this.#cursor.next()
    const before = this.#grouping()
    const parameters = this.#parameters(operator)
    const grouping = before ?? this.#grouping() ?? { without: false, labels: [] }
    const count = aggregationParameters[operator] === undefined ? 1 : 2
    const body = parameters.at(-1)
    if (parameters.length !== count || !body) throw refusal(`${operator} takes ${count}, not ${parameters.length} parameters`, at)
    return checkAggregation({ kind: 'aggregation', operator, grouping, parameter: count === 2 ? parameters[0] : undefined, body, at })
  }

  #grouping(): Grouping | undefined {
    const word = this.#cursor.keyword('by', 'without')
    return word && { without: word === 'without', labels: this.#labels(word) }
  }

  #call(): Expression {
    const { text: name, at } = this.#cursor.next()
    return checkCall({ kind: 'call', name, parameters: this.#parameters(name), at })
  }

  #parameters(where: string): Expression[] {
    this.#cursor.need('(', where)
    const parameters: Expression[] = []
    if (this.#cursor.sign(')')) return parameters
    do parameters.push(this.#expression(0))
    while (this.#cursor.sign(','))
    this.#cursor.need(')', where)
    return parameters
  }

  #descend(): void {
    if (++this.#depth > depthMax) throw refusal(`the query is nested more than ${depthMax} deep`, this.#cursor.peek().at)
  }
}

const matchAll: Matching = { on: false, labels: [], many: undefined, include: [] }
