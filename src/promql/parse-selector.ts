// Reads selectors: name{label="value"}, [window], offset and @.
import { Rejected } from '#core/errors.ts'
import { secondUs } from '#core/time.ts'
import type { Cursor } from './cursor.ts'
import { durationUsMax, parseDuration } from './duration.ts'
import { refusal } from './failure.ts'
import { labelNamePattern, metricName } from './labels.ts'
import { createMatcher, matchOperators, type Matcher } from './matcher.ts'
import { parseNumber } from './number.ts'
import type { Expression, RangeSelector, Selector } from './syntax.ts'

/** Reads a selector that begins with a metric's name, or with "{". */
export function parseSelector(cursor: Cursor): Selector {
  const { at } = cursor.peek()
  const name = cursor.peek().kind === 'word' ? cursor.next().text : undefined
  const matchers = name === undefined ? [] : [createMatcher(metricName, '=', name)]
  if (cursor.sign('{')) {
    while (!cursor.sign('}')) {
      const matcher = parseMatcher(cursor)
      if (name !== undefined && matcher.name === metricName)
        throw refusal(`the metric's name is given twice, as "${name}" and as a label`, at)
      matchers.push(matcher)
      if (!cursor.is('sign', '}')) cursor.need(',', 'the label matchers')
    }
  }
  if (matchers.every(({ matches }) => matches('')))
    throw refusal('a selector needs a name or a label that is not empty, such as {machine="pump-1"}', at)
  return { kind: 'selector', matchers, offsetUs: 0, time: undefined, at }
}

function parseMatcher(cursor: Cursor): Matcher {
  const { kind, text: name, at } = cursor.peek()
  if (kind !== 'word' || !labelNamePattern.test(name)) throw cursor.unexpected('a label', 'the label matchers')
  cursor.next()
  const operator = matchOperators.find((operator) => cursor.sign(operator))
  if (!operator) throw cursor.unexpected('one of = != =~ !~', 'the label matchers')
  if (cursor.peek().kind !== 'string') throw cursor.unexpected('a text in quotes', 'the label matchers')
  const value = cursor.next().text
  try {
    return createMatcher(name, operator, value)
  } catch (error) {
    throw error instanceof Rejected ? refusal(error.message, at) : error
  }
}

/** Reads what may follow an expression: [window], offset and @. Only selectors take them; `plain` is false for what stands in parentheses. */
export function parsePostfix(cursor: Cursor, expression: Expression, plain: boolean): Expression {
  let result = expression
  for (;;) {
    const { at } = cursor.peek()
    if (cursor.sign('[')) result = parseWindow(cursor, selectorFor(result, plain, 'a range', at), at)
    else if (cursor.keyword('offset')) {
      const offsetUs = (cursor.sign('-') ? -1 : 1) * duration(cursor, 'offset')
      result = changed(result, plain, 'offset', at, (selector) => {
        if (selector.offsetUs !== 0) throw refusal('offset is given twice', at)
        return { ...selector, offsetUs }
      })
    } else if (cursor.sign('@')) {
      const time = parseFixedTime(cursor)
      result = changed(result, plain, '@', at, (selector) => {
        if (selector.time !== undefined) throw refusal('@ is given twice', at)
        return { ...selector, time }
      })
    } else return result
  }
}

function parseWindow(cursor: Cursor, selector: Selector, at: number): RangeSelector {
  if (selector.offsetUs !== 0 || selector.time !== undefined) throw refusal('offset and @ stand behind the range', at)
  const windowUs = duration(cursor, 'the range')
  if (cursor.is('sign', ':')) throw refusal('subqueries such as [1h:1m] are not supported', at)
  cursor.need(']', 'the range')
  return { kind: 'range', selector, windowUs, at: selector.at }
}

function duration(cursor: Cursor, where: string): number {
  const { kind, text, at } = cursor.peek()
  if (kind !== 'duration') throw cursor.unexpected('a duration such as 5m', where)
  cursor.next()
  const value = parseDuration(text)
  if (value === undefined)
    throw refusal(`"${text}" is no duration: write falling units as in 1h30m, up to ${durationUsMax / (365 * 86_400 * secondUs)}y`, at)
  if (value === 0) throw refusal('a duration must be longer than 0', at)
  return value
}

function parseFixedTime(cursor: Cursor): Selector['time'] {
  const word = cursor.keyword('start', 'end')
  if (word) {
    cursor.need('(', '@')
    cursor.need(')', '@')
    return word
  }
  const { at } = cursor.peek()
  const sign = cursor.sign('-') ? -1 : 1
  if (sign === 1) cursor.sign('+')
  const value = parseNumber(cursor)
  if (value === undefined) throw cursor.unexpected('a time in seconds since 1970, start() or end()', '@')
  const time = Math.round(sign * value * 1000) * 1000
  if (!Number.isSafeInteger(time)) throw refusal('@ needs a time in seconds since 1970', at)
  return time
}

function selectorFor(expression: Expression, plain: boolean, what: string, at: number): Selector {
  if (plain && expression.kind === 'selector') return expression
  throw refusal(`${what} is possible directly behind a selector only`, at)
}

function changed(expression: Expression, plain: boolean, what: string, at: number, change: (selector: Selector) => Selector): Expression {
  if (plain && expression.kind === 'range') return { ...expression, selector: change(expression.selector) }
  return change(selectorFor(expression, plain, what, at))
}
