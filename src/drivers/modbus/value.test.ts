import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { addressSchema, numberTypes, orders, type ModbusAddress, type NumberType } from './settings.ts'
import { decodeNumber, decodeString, encodeNumber, encodeString, numberFault, scaled } from './value.ts'

const address = (input: Record<string, unknown>): ModbusAddress => addressSchema.parse({ table: 'holding', address: 0, ...input })

const ranges: Record<NumberType, fc.Arbitrary<number>> = {
  int16: fc.integer({ min: -32_768, max: 32_767 }),
  uint16: fc.integer({ min: 0, max: 65_535 }),
  int32: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  uint32: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  int64: fc.maxSafeInteger(),
  uint64: fc.maxSafeNat(),
  float32: fc.float({ noNaN: true, noDefaultInfinity: true }),
  float64: fc.double({ noNaN: true, noDefaultInfinity: true }),
}

test.each(numberTypes.flatMap((type) => orders.map((order) => [type, order] as const)))(
  'Every %s in order %s survives coding',
  (type, order) => {
    fc.assert(
      fc.property(ranges[type], (value) => {
        const bytes = Buffer.concat([Buffer.of(0xaa, 0xaa), encodeNumber(value, address({ type, order }))])
        expect(decodeNumber(bytes, 2, type, order)).toBe(value === 0 ? encodedZero(value, type) : value)
      }),
    )
  },
)

/** Integers have no negative zero. */
const encodedZero = (value: number, type: NumberType) => (type.startsWith('float') ? value : 0)

test.each([
  ['ABCD', '12345678'],
  ['CDAB', '56781234'],
  ['BADC', '34127856'],
  ['DCBA', '78563412'],
])('Order %s puts 0x12345678 on the wire as %s', (order, wire) => {
  expect(encodeNumber(0x12345678, address({ type: 'uint32', order })).toString('hex')).toBe(wire)
})

test('A scale that is one part of a whole number gives clean decimals', () => {
  expect(scaled(3, { scale: 0.1, offset: 0 })).toBe(0.3)
  expect(scaled(2351, { scale: 0.01, offset: -20 })).toBeCloseTo(3.51, 12)
  expect(scaled(7, { scale: 2.5, offset: 1 })).toBe(18.5)
  expect(scaled(7, { scale: -1, offset: 0 })).toBe(-7)
})

test('Whole scaled values survive coding with any scale', () => {
  fc.assert(
    fc.property(ranges.int32, fc.constantFrom(0.1, 0.01, 0.5, 0.001, 10, -1, 2), (raw, scale) => {
      const scaledAddress = address({ type: 'int32', scale })
      expect(decodeNumber(encodeNumber(scaled(raw, scaledAddress), scaledAddress), 0, 'int32', 'ABCD')).toBe(raw)
    }),
  )
})

test('NaN, infinity and integers that would lose digits are no values', () => {
  expect(numberFault('float32', Number.NaN)).toMatch('NaN')
  expect(numberFault('float64', -Infinity)).toMatch('infinite')
  expect(numberFault('uint64', decodeNumber(Buffer.from('0020000000000001', 'hex'), 0, 'uint64', 'ABCD'))).toMatch('2^53')
  expect(numberFault('int64', decodeNumber(Buffer.from('ffe0000000000001', 'hex'), 0, 'int64', 'ABCD'))).toBeUndefined()
})

test('A number that does not fit is rejected with the permitted range, in engineering units', () => {
  expect(() => encodeNumber(70_000, address({ type: 'uint16' }))).toThrow('70000 does not fit the uint16: write 0 to 65535')
  expect(() => encodeNumber(3300, address({ type: 'int16', scale: 0.1 }))).toThrow('write -3276.8 to 3276.7')
  expect(() => encodeNumber(1e39, address({ type: 'float32' }))).toThrow('does not fit')
})

test('Text survives coding in both byte orders, and what does not fit is rejected', () => {
  for (const order of orders) {
    const string = address({ type: 'string', length: 4, order })
    expect(decodeString(encodeString('PUMP 7', string), 0, 4, order)).toBe('PUMP 7')
  }
  expect(decodeString(Buffer.from('Kühler  ', 'latin1'), 0, 4, 'ABCD')).toBe('Kühler')
  expect(decodeString(Buffer.from('Kühler ', 'utf8'), 0, 4, 'ABCD')).toBe('Kühler')
  expect(() => encodeString('too long', address({ type: 'string', length: 2 }))).toThrow('at most 4')
  expect(() => encodeString('ü', address({ type: 'string', length: 2 }))).toThrow('ASCII')
})
