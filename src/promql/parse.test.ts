import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Rejected } from '#core/errors.ts'
import { parse, parseSeriesSelector } from './parse.ts'

/** The tree without positions. */
const tree = (query: string): unknown =>
  JSON.parse(JSON.stringify(parse(query), (name, value: unknown) => (name === 'at' ? undefined : value)))

describe('operators bind as in Prometheus', () => {
  test.each([
    ['a or b and c', 'a or (b and c)'],
    ['a and b or c', '(a and b) or c'],
    ['a and b unless c', '(a and b) unless c'],
    ['a unless b == c', 'a unless (b == c)'],
    ['a == b + c', 'a == (b + c)'],
    ['a < b < c', '(a < b) < c'],
    ['a - b - c', '(a - b) - c'],
    ['a - b * c', 'a - (b * c)'],
    ['a / b % c', '(a / b) % c'],
    ['a atan2 b * c', '(a atan2 b) * c'],
    ['a * b ^ c', 'a * (b ^ c)'],
    ['a ^ b ^ c', 'a ^ (b ^ c)'],
    ['-a ^ b', '-(a ^ b)'],
    ['-a * b', '(-a) * b'],
    ['a ^ -b * c', '(a ^ (-b)) * c'],
    ['a ^ -b ^ c', 'a ^ (-(b ^ c))'],
    ['a - -b', 'a - (-b)'],
    ['-1 ^ 2', '-(1 ^ 2)'],
    ['a + b offset 5m', 'a + (b offset 5m)'],
    ['a ^ b @ 5', 'a ^ (b @ 5)'],
    ['a > bool b + on (x) c', 'a > bool (b + on (x) c)'],
    ['sum by (x) (a) + b', '(sum by (x) (a)) + b'],
    ['sum(a) by (x,) + b', '(sum by (x) (a)) + b'],
    ['A AND b OR c', '(A and b) or c'],
  ])('%s means %s', (query, meant) => {
    expect(tree(query.replaceAll(/\(([a-z]) (offset 5m|@ 5)\)/g, '$1 $2'))).toEqual(
      tree(meant.replaceAll(/\(([a-z]) (offset 5m|@ 5)\)/g, '$1 $2')),
    )
  })
})

test('keywords may name metrics and labels where that is not ambiguous', () => {
  for (const name of ['sum', 'count', 'offset', 'by', 'and', 'start', 'group']) expect(parse(name)).toMatchObject({ kind: 'selector' })
  expect(parse('sum{by="x", on="y"} + count offset 5m')).toMatchObject({ kind: 'binary', right: { offsetUs: 300_000_000 } })
  expect(parse('sum by (on, by, sum) (sum)')).toMatchObject({ kind: 'aggregation', grouping: { labels: ['on', 'by', 'sum'] } })
})

test('a signed number is one number', () => {
  expect(parse('-1.5')).toMatchObject({ kind: 'number', value: -1.5 })
  expect(parse('- - Inf')).toMatchObject({ kind: 'number', value: Infinity })
})

describe('what is not understood is refused in a plain sentence that says what and where', () => {
  test.each([
    ['', 'the query is empty'],
    ['# only a comment', 'the query is empty'],
    ['a b', 'there is "b" where an operator or the end should be, at character 3 of the query'],
    ['a +', 'the query ends where an expression should be, at character 4 of the query'],
    ['(a', 'the query ends in parentheses where ")" should be, at character 3 of the query'],
    ['a{b=c}', 'there is "c" in the label matchers where a text in quotes should be, at character 5 of the query'],
    ['a{b:c="d"}', 'there is "b:c" in the label matchers where a label should be, at character 3 of the query'],
    ['a{b>"d"}', 'there is ">" in the label matchers where one of = != =~ !~ should be, at character 4 of the query'],
    ['a{b=~"("}', 'the regular expression "(" is not understood: missing closing ): `(`, at character 3 of the query'],
    ['{b=~".*"}', 'a selector needs a name or a label that is not empty, such as {machine="pump-1"}, at character 1 of the query'],
    ['a{__name__="b"}', `the metric's name is given twice, as "a" and as a label, at character 1 of the query`],
    ['nope(a)', 'unknown function "nope", at character 1 of the query'],
    ['__proto__(a)', 'unknown function "__proto__", at character 1 of the query'],
    ['histogram_quantile(0.9, a)', 'histogram_quantile is not supported: there are no histograms here, at character 1 of the query'],
    [
      'count_values("x", a)',
      'count_values is not supported: it would make a series per value; write count(x == 1) for one of them, at character 1 of the query',
    ],
    ['rate(a)', 'rate takes a range vector here, not an instant vector, at character 6 of the query'],
    ['rate(a[5m], 1)', 'rate takes 1, not 2 parameters, at character 1 of the query'],
    ['label_join(a)', 'label_join takes at least 3, not 1 parameters, at character 1 of the query'],
    ['round()', 'round takes 1 to 2, not 0 parameters, at character 1 of the query'],
    ['sum(1)', 'sum takes an instant vector here, not a number, at character 5 of the query'],
    ['topk(a)', 'topk takes 2, not 1 parameters, at character 1 of the query'],
    ['max_over_time(a[1h:5m])', 'subqueries such as [1h:1m] are not supported, at character 16 of the query'],
    ['a[5]', 'there is "5" in the range where a duration such as 5m should be, at character 3 of the query'],
    ['a[5m1h]', '"5m1h" is no duration: write falling units as in 1h30m, up to 292y, at character 3 of the query'],
    ['a[0s]', 'a duration must be longer than 0, at character 3 of the query'],
    ['(a)[5m]', 'a range is possible directly behind a selector only, at character 4 of the query'],
    ['sum(a) offset 5m', 'offset is possible directly behind a selector only, at character 8 of the query'],
    ['a offset 5m offset 5m', 'offset is given twice, at character 13 of the query'],
    ['a offset 5m[5m]', 'offset and @ stand behind the range, at character 12 of the query'],
    ['a @ b', 'there is "b" in @ where a time in seconds since 1970, start() or end() should be, at character 5 of the query'],
    ['a @ Inf', '@ needs a time in seconds since 1970, at character 5 of the query'],
    ['1 < 2', 'comparing two numbers needs bool, as in 1 < bool 2, at character 3 of the query'],
    ['a + bool b', 'bool is possible behind a comparison only, at character 3 of the query'],
    ['a and 1', 'and takes instant vectors, not numbers, at character 3 of the query'],
    ['a + "b"', '+ takes numbers and instant vectors, not a text, at character 5 of the query'],
    ['a + on (x) 1', 'on() and ignoring() are possible between two instant vectors only, at character 3 of the query'],
    ['a and on (x) group_left b', 'group_left is not possible with and, at character 3 of the query'],
    ['a + on (x) group_left (x) b', 'the label "x" is in on() and in group_left() at once, at character 3 of the query'],
    ['-a[5m]', 'a sign takes a number or an instant vector, not a range vector, at character 1 of the query'],
  ])('%s', (query, message) => {
    expect(() => parse(query)).toThrow(new Rejected(message))
  })
})

test('a query has a deepest nesting', () => {
  for (const part of ['(', '1+', '-', 'abs(', 'a or '])
    expect(() => parse(part.repeat(1000))).toThrow('the query is nested more than 250 deep')
})

test('a series selector has neither range, offset nor anything around it', () => {
  expect(parseSeriesSelector('a{b="c"}').matchers).toHaveLength(2)
  for (const text of ['a[5m]', 'a offset 5m', 'sum(a)', '1', 'a @ 5'])
    expect(() => parseSeriesSelector(text)).toThrow(`"${text}" is no series selector such as temperature{machine="pump-1"}`)
})

const parts = fc.constantFrom(
  ...'a up sum rate by without on ignoring group_left bool and or unless offset start end inf 5m 1h 3 0.5 1e9 topk absent time label_replace'.split(
    ' ',
  ),
  ...'+ - * / % ^ == != <= > =~ !~ = ( ) { } [ ] , @ : "x" `y` ".*" "(a+)+" #'.split(' '),
)

test('whatever is asked, the parser gives a tree or refuses', () => {
  const query = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 50 }),
    fc.array(parts, { maxLength: 40 }).map((words) => words.join(' ')),
    fc.array(parts, { maxLength: 40 }).map((words) => words.join('')),
  )
  fc.assert(
    fc.property(query, (text) => {
      try {
        expect(parse(text).at).toBeGreaterThanOrEqual(0)
      } catch (error) {
        expect(error).toBeInstanceOf(Rejected)
      }
    }),
    { numRuns: 5000 },
  )
})
