import { expect, test } from 'vitest'
import { Rejected } from '#core/errors.ts'
import { queryLengthMax, tokensOf } from './lexer.ts'

const words = (query: string) => tokensOf(query).map(({ kind, text }) => `${kind} ${text}`.trim())

test('a query is split into words, numbers, durations, texts and signs', () => {
  expect(words('rate(a:b_1{x!~"y"}[1h5m]) >= .5e-3 # the rest')).toEqual(
    'word rate,sign (,word a:b_1,sign {,word x,sign !~,string y,sign },sign [,duration 1h5m,sign ],sign ),sign >=,number .5e-3,end'.split(
      ',',
    ),
  )
})

test('a colon behind a duration is a sign, elsewhere it may begin a name', () => {
  expect(words('[5m:1m] :x')).toEqual(['sign [', 'duration 5m', 'sign :', 'duration 1m', 'sign ]', 'word :x', 'end'])
})

test('every word knows where it stands', () => {
  expect(tokensOf('  a\n + "b"').map(({ at }) => at)).toEqual([2, 5, 7, 10])
})

test.each([
  [`"a\\"\\n\\t\\\\'"`, `a"\n\t\\'`],
  [`'it\\'s "so"'`, `it's "so"`],
  ['`as \\n it "is`', 'as \\n it "is'],
  ['"\\x41\\101\\u00e9\\U0001F600"', 'AAé😀'],
  ['""', ''],
])('the text %s stands for what Go makes of it', (literal, text) => {
  expect(tokensOf(literal)[0]).toEqual({ kind: 'string', text, at: 0 })
})

test.each([
  ['a ~ b', 'unexpected "~", at character 3 of the query'],
  ['😀', 'unexpected "😀", at character 1 of the query'],
  ['5mx', 'this is neither a number such as 1.5 nor a duration such as 5m, at character 1 of the query'],
  ['1 + 0x', 'this is neither a number such as 1.5 nor a duration such as 5m, at character 5 of the query'],
  ['1.2.3', 'this is neither a number such as 1.5 nor a duration such as 5m, at character 1 of the query'],
  ['a{b="c', 'a text begins here and is not ended, at character 5 of the query'],
  ['"a\nb"', 'a text begins here and is not ended, at character 1 of the query'],
  ['"\\d"', '"\\d" is no escape in a text; write \\\\ for a backslash, at character 2 of the query'],
  ['"\\UFFFFFFFF"', '"\\UFFFFFFFF" is no escape in a text; write \\\\ for a backslash, at character 2 of the query'],
])('%s is refused with what is wrong and where', (query, message) => {
  expect(() => tokensOf(query)).toThrow(new Rejected(message))
})

test('a query has a longest length', () => {
  expect(() => tokensOf(' '.repeat(queryLengthMax + 1))).toThrow('the query is longer than 100000 characters; shorten it')
})
