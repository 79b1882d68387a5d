import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Rejected } from '#core/errors.ts'
import { createPattern, patternLengthMax } from './pattern.ts'

test('the whole text has to match', () => {
  const pattern = createPattern('pump-[0-9]+')
  expect(['pump-1', 'pump-12', 'xpump-1', 'pump-1x', 'pump-'].map((text) => pattern.matches(text))).toEqual([
    true,
    true,
    false,
    false,
    false,
  ])
})

describe('as in RE2', () => {
  test.each([
    ['a|b|c', 'b', true],
    ['', '', true],
    ['()', '', true],
    ['a|', '', true],
    ['(?i)PUMP', 'pump', true],
    ['(?i:P)ump', 'pUMP', false],
    ['a(?i)b|c', 'C', true],
    ['.', '\n', false],
    ['(?s).', '\n', true],
    ['[[:alpha:]_]+', 'a_Z', true],
    ['[^[:digit:]]', '7', false],
    ['[]a-]+', ']-a', true],
    ['[\\w.]+', 'a.b', true],
    ['\\pL+', 'läuft', true],
    ['\\p{Greek}', 'λ', true],
    ['\\x41\\x{1F600}', 'A😀', true],
    ['a\\.b', 'axb', false],
    ['\\Qa.', 'a.', true],
    ['x{2}', 'xx', true],
    ['x{2,}', 'x', false],
    ['x{1,3}y', 'xxxxy', false],
    ['x{,3}', 'x{,3}', true],
    ['^a$', 'a', true],
    ['a\\b.b', 'a b', true],
    ['\\Aa\\z', 'a', true],
    ['😀?', '😀', true],
    ['a*?', 'aaa', true],
  ])('%s and %j: %s', (source, text, matches) => {
    expect(createPattern(source).matches(text)).toBe(matches)
  })
})

test('groups are what the preferred way through the text gives', () => {
  expect(Object.fromEntries(createPattern('(a+)(?P<rest>a*)(b)?').groups('aaa') ?? [])).toEqual({
    0: 'aaa',
    1: 'aaa',
    2: '',
    rest: '',
    3: '',
  })
  expect(createPattern('(a+?)(a*)').groups('aaa')?.get('1')).toBe('a')
  expect(createPattern('(a|ab)(c|bcd)(d*)').groups('abcd')?.get('1')).toBe('a')
  expect(createPattern('(?:x)(y)').groups('xy')?.get('1')).toBe('y')
  expect(createPattern('(x)').groups('y')).toBeUndefined()
})

const { pattern: source } = fc.letrec<{ pattern: string }>((tie) => ({
  pattern: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('a', 'b', 'c', '.', '[ab]', '[^a]', '\\w'),
    fc.array(tie('pattern'), { minLength: 1, maxLength: 3 }).map((parts) => parts.join('')),
    fc.array(tie('pattern'), { minLength: 2, maxLength: 3 }).map((parts) => `(${parts.join('|')})`),
    fc.tuple(tie('pattern'), fc.constantFrom('*', '+', '?', '*?', '{2}', '{1,2}', '{0,}')).map(([part, sign]) => `(?:${part})${sign}`),
  ),
}))

test("matches are those of JavaScript's own engine, where both understand the pattern", () => {
  fc.assert(
    fc.property(source, fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 }), (pattern, text) => {
      expect(createPattern(pattern).matches(text)).toBe(new RegExp(`^(?:${pattern})$`, 'u').test(text))
    }),
    { numRuns: 3000 },
  )
})

test('patterns that would take other engines for ever are answered', () => {
  const text = `${'a'.repeat(400)}!`
  for (const pattern of ['(a+)+', '(a*)*b', '(a|a)*', '(a|aa)+', '(.*)*x', '(.*a){30}', '((a?){40}){25}', '(a?){60}a{60}', '(|a|aa)*'])
    expect(createPattern(pattern).matches(text)).toBe(false)
})

test.each(['(', 'a)', '[a', '[z-a]', '*a', 'a**', 'a{3,2}', 'a{1001}', '(?=a)', '\\1', 'a\\', '\\x{110000}', '[[:none:]]'])(
  '%s is refused with the place',
  (pattern) => {
    expect(() => createPattern(pattern)).toThrow(Rejected)
    expect(() => createPattern(pattern)).toThrow(`the regular expression "${pattern}" is not understood: `)
  },
)

test('what earlier texts have shown does not change what later ones match', () => {
  fc.assert(
    fc.property(
      source,
      fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 6 }), { maxLength: 30 }),
      (pattern, texts) => {
        const one = createPattern(pattern)
        for (const text of texts) expect({ text, matches: one.matches(text) }).toEqual({ text, matches: one.groups(text) !== undefined })
      },
    ),
    { numRuns: 500 },
  )
  const many = createPattern('.*x.{12}')
  for (let text = 0; text < 20_000; text++)
    expect(many.matches(text.toString(2).replaceAll('0', 'x'))).toBe(/^[^]*x.{12}$/.test(text.toString(2).replaceAll('0', 'x')))
})

test('a pattern has a largest size, however short it is written', () => {
  expect(() => createPattern('a'.repeat(patternLengthMax + 1))).toThrow(Rejected)
  for (const pattern of ['((a{1000}){1000}){1000}', '(?:(?:(?:){1000}){1000}){1000}', '(((a?){1000}){1000}){1000}'])
    expect(() => createPattern(pattern)).toThrow(Rejected)
})

test('whatever is written, a pattern is made or refused', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...Array.from('ab()[]{}|*+?.^$\\-:<>P=!,0193dwsxpLi😀')), maxLength: 20 }),
      fc.string(),
      (pattern, text) => {
        try {
          createPattern(pattern).groups(text)
        } catch (error) {
          expect(error).toBeInstanceOf(Rejected)
        }
      },
    ),
    { numRuns: 5000 },
  )
})
