import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { arrayElementsMax, type ArrayValue } from '#core/array.ts'
import { Rejected } from '#core/errors.ts'
import { decodeArray, decodeArraySync, encodeArray } from './array-codec.ts'
import { seal } from './envelope.ts'

const element = fc.oneof(
  { weight: 20, arbitrary: fc.integer({ min: -2000, max: 8000 }).map((integer) => Math.fround(integer / 100)) },
  { weight: 1, arbitrary: fc.float({ noNaN: true }) },
  { weight: 1, arbitrary: fc.constantFrom(-0, 0, 1.401298464324817e-45, 3.4028234663852886e38) },
)
const array = fc
  .oneof(fc.tuple(fc.integer({ min: 1, max: 400 })), fc.tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 })))
  .chain((shape) => {
    const length = shape.reduce((product, side) => product * side, 1)
    const elements = fc.oneof(
      fc.array(element, { minLength: length, maxLength: length }),
      fc.array(fc.float({ noNaN: true }), { minLength: length, maxLength: length }),
    )
    return elements.map((list): ArrayValue => ({ shape, data: Float32Array.from(list) }))
  })

/** Looks random, but is the same in every run: near a normal distribution of mean 0 and deviation 1. */
function noise(index: number): number {
  const part = (salt: number) => (Math.imul(index * 4 + salt, 0x9e3779b1) ^ (Math.imul(index * 4 + salt, 0x85ebca6b) >>> 13)) >>> 0
  return ((part(1) + part(2) + part(3) + part(4)) / 2 ** 32 - 2) * Math.sqrt(3)
}

function field(side: number, resolution: number): ArrayValue {
  const data = Float32Array.from({ length: side * side }, (_, index) => {
    const [y, x] = [Math.floor(index / side), index % side]
    const heat = 50 * Math.exp(-((x - 0.6 * side) ** 2 + (y - 0.35 * side) ** 2) / (2 * (0.12 * side) ** 2))
    return Math.round((25 + heat + 0.1 * noise(index)) / resolution) * resolution
  })
  return { shape: [side, side], data }
}

test('an array comes back bit for bit, in its shape', async () => {
  await fc.assert(
    fc.asyncProperty(array, async (value) => {
      const bytes = await encodeArray(value)
      expect(decodeArraySync(bytes)).toEqual(value)
      expect(await decodeArray(bytes)).toEqual(value)
    }),
    { numRuns: 300 },
  )
})

test('a temperature field with the noise of its sensor takes six to seven bits a value', async () => {
  const value = field(100, 0.01)
  const bytes = await encodeArray(value)
  expect(bytes.length).toBeLessThan(8000)
  expect(decodeArraySync(bytes)).toEqual(value)
})

test('a waveform takes what its noise is worth', async () => {
  const data = Float32Array.from({ length: 4096 }, (_, index) => Math.round(1000 * Math.sin(index / 20) + 5 * noise(index)) / 1000)
  const bytes = await encodeArray({ shape: [4096], data })
  expect(bytes.length).toBeLessThan(3800)
  expect(decodeArraySync(bytes).data).toEqual(data)
})

test.each([
  ['a square', [1024, 1024]],
  ['one row', [1, arrayElementsMax]],
  ['one column', [arrayElementsMax, 1]],
  ['a wave', [arrayElementsMax]],
])('the largest array comes back as %s', async (_, shape) => {
  const value = { shape, data: field(1024, 0.5).data }
  expect(decodeArraySync(await encodeArray(value))).toEqual(value)
})

test('damaged bytes are Rejected, never a wrong answer', async () => {
  const bytes = await encodeArray(field(5, 0.1))
  for (let at = 0; at < bytes.length; at++) {
    const damaged = bytes.slice()
    damaged[at] = (damaged[at] as number) ^ 16
    expect(() => decodeArraySync(damaged)).toThrow(Rejected)
    expect(() => decodeArraySync(bytes.subarray(0, at))).toThrow(Rejected)
  }
})

test('a forged array cannot ask for more memory than the largest has', () => {
  const forged = seal('array', (writer) => {
    writer.varint(2 ** 30)
    writer.varint(2 ** 20)
  })
  expect(() => decodeArraySync(forged)).toThrow(/elements; the most is 1048576/)
})
