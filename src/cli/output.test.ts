import { expect, test } from 'vitest'
import { count, csvLine, plural, printable, table } from './output.ts'

test('columns are aligned, numbers to the right', () => {
  expect(
    table(
      ['NAME', 'N'],
      [
        ['µ', '5'],
        ['longer', '17'],
      ],
      new Set([1]),
    ),
  ).toBe('NAME     N\nµ        5\nlonger  17')
})

test('nothing from a machine steers the terminal', () => {
  expect(printable('a\u001B[31mred\nb\u202Ec')).toBe('a�[31mred�b�c')
  expect(table(['A'], [['\u001B[2J']])).toBe('A\n�[2J')
})

test('a CSV line quotes what needs it', () => {
  expect(csvLine(['a', 'b,c', 'say "x"', 1.5, true, 'two\nlines'])).toBe('a,"b,c","say ""x""",1.5,true,"two\nlines"')
})

test('counts are grouped by three', () => {
  expect([0, 999, 1000, 1_234_567].map(count)).toEqual(['0', '999', '1 000', '1 234 567'])
  expect([plural(1, 'row'), plural(2, 'row')]).toEqual(['1 row', '2 rows'])
})
