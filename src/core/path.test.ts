import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { machineOf, machinePathFault, nameOf, pathFault, pathLengthMax, pathSegmentsMax, tagPathFault } from './path.ts'

const segment = fc.stringMatching(/^[\p{L}\p{N}][\p{L}\p{N} ._:()%-]{0,20}[\p{L}\p{N}._:()%-]$/u)

test('a tag path is its machine and its name', () => {
  fc.assert(
    fc.property(fc.array(segment, { minLength: 2, maxLength: pathSegmentsMax }), (segments) => {
      const path = segments.join('/')
      expect(tagPathFault(path)).toBeUndefined()
      expect(`${machineOf(path)}/${nameOf(path)}`).toBe(path)
    }),
  )
})

test.for(['Halle 3/Linie 1/Pumpe (Süd)/Druck', 'a/b', '工厂/泵/压力', 'x/50 % load', 'plant/area/line/machine/field.max'])(
  '%s is a tag path',
  (path) => {
    expect(tagPathFault(path)).toBeUndefined()
  },
)

test.for([
  ['', /1 segment;/],
  ['pump', /has 1 segment; write 2 to 10, as in site\/area\/line\/machine\/tag/],
  ['a//b', /"" in "a\/\/b" is no path segment/],
  ['/a/b', /"" in/],
  ['a/b/', /"" in/],
  ['a/ b', /" b" in/],
  ['a/b ', /"b " in/],
  ['a/.b', /"\.b" in/],
  ['a/b#c', /"b#c" in/],
  ['a/b\nc', /no path segment/],
  ['a/../b', /"\.\." in/],
  [`a/${'x'.repeat(65)}`, /no path segment/],
  [
    Array(pathSegmentsMax + 1)
      .fill('x')
      .join('/'),
    /has 11 segments/,
  ],
  [Array(10).fill('x'.repeat(50)).join('/'), new RegExp(`longer than ${pathLengthMax}`)],
] as const)('"%s" is refused with the reason', ([path, reason]) => {
  expect(tagPathFault(path)).toMatch(reason)
})

test('a machine may stand alone', () => {
  expect(machinePathFault('pump')).toBeUndefined()
  expect(pathFault('pump', 3)).toMatch(/write 3 to 10/)
})
