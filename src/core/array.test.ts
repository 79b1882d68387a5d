import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { arrayElementsMax, arrayFault, arrayStatistics } from './array.ts'

const field = fc
  .tuple(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 8 }))
  .chain(([rows, columns]) =>
    fc
      .float32Array({ minLength: rows * columns, maxLength: rows * columns, noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 })
      .map((data) => ({ shape: [rows, columns], data })),
  )

test('the statistics of a field are those of its elements, and the hot spot is where the maximum is', () => {
  fc.assert(
    fc.property(field, (array) => {
      expect(arrayFault(array)).toBeUndefined()
      const { min, max, mean, std, hotSpotRow, hotSpotColumn } = arrayStatistics(array)
      const data = [...array.data]
      expect(min).toBe(Math.min(...data))
      expect(max).toBe(Math.max(...data))
      const expectedMean = data.reduce((sum, value) => sum + value, 0) / data.length
      expect(mean).toBeCloseTo(expectedMean, 6)
      expect(std ** 2).toBeCloseTo(data.reduce((sum, value) => sum + (value - expectedMean) ** 2, 0) / data.length, 3)
      expect(array.data[hotSpotRow * (array.shape[1] as number) + hotSpotColumn]).toBe(max)
    }),
  )
})

test('a large offset does not drown the deviation', () => {
  expect(arrayStatistics({ shape: [4], data: Float32Array.of(1e6, 1e6 + 1, 1e6, 1e6 + 1) }).std).toBe(0.5)
})

test('a waveform has its hot spot in row 0, the first of equals', () => {
  expect(arrayStatistics({ shape: [4], data: Float32Array.of(1, 7, 3, 7) })).toMatchObject({ hotSpotRow: 0, hotSpotColumn: 1 })
})

test.for([
  [[], [1], /one or two whole numbers/],
  [[2, 2, 2], [1], /one or two whole numbers/],
  [[0], [], /above zero/],
  [[1.5], [1], /whole numbers/],
  [[2, 3], [1, 2, 3, 4, 5], /2×3 needs 6 elements, the data has 5/],
  [[arrayElementsMax + 1], [1], /the most is/],
  [[3], [1, Number.NaN, 3], /element 1 is not a finite number/],
  [[2], [1, Infinity], /element 1/],
] as const)('shape %j with %j is refused with the reason', ([shape, data, reason]) => {
  expect(arrayFault({ shape, data: Float32Array.from(data) })).toMatch(reason)
})
