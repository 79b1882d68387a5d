import { expect, test } from 'vitest'
import { filterFault, matches } from './topic.ts'

const hits = (filter: string, topic: string) => matches(filter.split('/'), topic.split('/'))

test.each([
  ['a/b', 'a/b', true],
  ['a/b', 'a/b/c', false],
  ['a/+', 'a/b', true],
  ['a/+', 'a', false],
  ['a/+', 'a/', true],
  ['a/#', 'a', true],
  ['a/#', 'a/b/c', true],
  ['+/+', '/a', true],
  ['#', 'a/b', true],
  ['#', '$SYS/x', false],
  ['+/x', '$SYS/x', false],
  ['$SYS/#', '$SYS/x', true],
  ['a/+/c', 'a/b/d', false],
])('%s and %s: %s', (filter, topic, expected) => {
  expect(hits(filter, topic)).toBe(expected)
})

test.each(['', 'a/#/b', 'a#', 'a/b+', '+a', '$share/group/a', 'a\0b', 'x'.repeat(1001), '/'.repeat(100)])('"%s" is no filter', (filter) => {
  expect(filterFault(filter)).toMatch(/\w/)
})

test.each(['a', '/', 'a//b', '#', '+', '+/+/#', 'Halle 3/Öl'])('"%s" is a filter', (filter) => {
  expect(filterFault(filter)).toBeUndefined()
})
