import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { follow, parseFieldPath } from './field-path.ts'

const at = (value: unknown, path: string) => follow(value, parseFieldPath(path) ?? expect.unreachable(`${path} is no path`))

test('names, positions and quoted names are followed', () => {
  const value = { temperature: 1, a: { b: [{ c: 2 }, { c: 3 }] }, 'odd.name [x]"': 4, 'Öl-Druck 1': 5 }
  expect(at(value, 'temperature')).toBe(1)
  expect(at(value, 'a.b[1].c')).toBe(3)
  expect(at(value, '["odd.name [x]\\""]')).toBe(4)
  expect(at(value, 'Öl-Druck 1')).toBe(5)
  expect(at([[7, 8]], '[0][1]')).toBe(8)
  expect(at(value, 'a.b[2].c')).toBeUndefined()
  expect(at(value, 'a[0]')).toBeUndefined()
})

test.each(['', '.', 'a.', '.a', 'a..b', 'a[', 'a[x]', 'a[-1]', 'a]', '["a', 'a b.[0]', '[1234567]', 'a.'.repeat(40) + 'a'])(
  '"%s" is no path',
  (text) => {
    expect(parseFieldPath(text)).toBeUndefined()
  },
)

test('members that the message does not own are missing', () => {
  for (const path of ['constructor', '__proto__', 'toString', 'a.constructor.name', 'list.length', 'text.length'])
    expect(at({ a: {}, list: [1], text: 'abc' }, path)).toBeUndefined()
  expect(at(JSON.parse('{"__proto__": {"x": 1}}'), '__proto__.x')).toBe(1)
})

test('no text makes the parser or the walk throw', () => {
  fc.assert(
    fc.property(fc.string(), fc.jsonValue(), (text, value) => {
      const path = parseFieldPath(text)
      if (path) follow(value, path)
    }),
  )
})
