import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { ConfigError } from './errors.ts'
import { tagPattern } from './tag-pattern.ts'

test.for([
  ['site/line/pump/pressure', ['site/line/pump/pressure'], ['site/line/pump/pressure.max', 'x/site/line/pump/pressure']],
  ['site/*/pump/*', ['site/line/pump/pressure'], ['site/pump/pressure', 'site/a/b/pump/pressure', 'site/line/pump/a/b']],
  ['*/press-*', ['hall/press-1', 'hall/press-'], ['hall/press', 'a/hall/press-1', 'hall/Press-1']],
  ['**', ['a/b', 'a/b/c/d/e'], []],
  ['**/temperature', ['m/temperature', 'a/b/c/temperature'], ['m/temperature.max', 'm/oil-temperature']],
  ['site/**', ['site/tag', 'site/a/b/c'], ['sites/tag', 'other/site/tag']],
  ['site/**/m/*.max', ['site/m/x.max', 'site/a/b/m/x.max', 'site/m/m/x.max'], ['site/m/x.min', 'site/a/x.max']],
  ['a/**/b/**/c', ['a/b/c', 'a/x/b/y/z/c', 'a/b/b/c/c'], ['a/c', 'a/b/c/d']],
  ['Halle 3/*(Süd)/*', ['Halle 3/Pumpe (Süd)/Druck'], ['Halle 3/Pumpe/Druck']],
  ['m/*e*e*', ['m/release', 'm/ee'], ['m/least']],
] as const)('%s matches what it should and nothing else', ([pattern, matching, others]) => {
  const matches = tagPattern(pattern)
  expect(matching.filter((path) => !matches(path))).toEqual([])
  expect(others.filter(matches)).toEqual([])
})

test.for([
  ['', /has 1 level, and a tag path 2 to 10/],
  ['pressure', /"pressure" has 1 level, .* as in \*\*\/pressure/],
  ['*', /has 1 level/],
  ['a/b/c/d/e/f/g/h/i/j/k', /has 11 levels/],
  ['**.max', /mixes \*\* .* as in \*\*\/\*\.max/],
  ['a/**.max', /"\*\*\.max" in "a\/\*\*\.max" mixes \*\* with other characters: .* as in \*\*\/\*\.max/],
  ['a/***', /mixes \*\*/],
  ['a//b', /"" in "a\/\/b" matches no level/],
  ['/a/b', /matches no level/],
  ['site/+/x', /"\+" in .* with \* for anything within the level/],
  ['site/#', /"#" in/],
  ['a/b ', /"b " in/],
  ['a/-*', /"-\*" in/],
  [`a/${'x'.repeat(65)}`, /matches no level/],
  [`a/${'x*'.repeat(300)}`, /longer than 400/],
] as const)('the pattern "%s" is refused with the mend', ([pattern, reason]) => {
  expect(() => tagPattern(pattern)).toThrow(ConfigError)
  expect(() => tagPattern(pattern)).toThrow(reason)
})

test('a pattern says of any path what its regular expression says', () => {
  const level = fc.stringMatching(/^[ab]{1,4}$/)
  const levelPattern = fc.stringMatching(/^\*?[ab]{1,2}\*?[ab]{0,2}$/)
  fc.assert(
    fc.property(
      fc.array(fc.oneof(levelPattern, fc.constant('**')), { minLength: 2, maxLength: 6 }),
      fc.array(level, { minLength: 2, maxLength: 6 }),
      (levels, path) => {
        const expression = levels.map((one) => (one === '**' ? '([^/]+/)*' : `${one.replaceAll('*', '[^/]*')}/`)).join('')
        expect(tagPattern(levels.join('/'))(path.join('/'))).toBe(new RegExp(`^${expression}$`).test(`${path.join('/')}/`))
      },
    ),
    { numRuns: 2000 },
  )
})

test('a pattern full of wildcards answers at once', () => {
  const path = Array(5).fill('a'.repeat(60)).join('/')
  expect(tagPattern(`**/${'a*'.repeat(60)}b/**/${'*a'.repeat(60)}*b/**`)(path)).toBe(false)
})
