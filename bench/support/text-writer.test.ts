import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { TextWriter } from './text-writer.ts'

const textOf = (write: (writer: TextWriter) => void) => {
  const writer = new TextWriter(4)
  write(writer)
  return writer.written.toString()
}

test('a decimal is written as JavaScript writes it', () => {
  const decimals = fc.integer({ min: -2e9, max: 2e9 }).map((thousandths) => thousandths / 1000)
  fc.assert(
    fc.property(fc.oneof(decimals, fc.double({ noNaN: true, noDefaultInfinity: true })), (number) => {
      const text = textOf((writer) => writer.decimal(number))
      expect(Number(text)).toBe(number === 0 ? 0 : number)
      expect(text).toBe(String(number))
    }),
  )
})

test('an integer is written in full up to 2^53', () => {
  const write = (number: number) => textOf((writer) => writer.integer(number))
  for (const number of [0, 9, 10, 999_999_999, 1e9, 1e9 + 1, 1_767_225_600_000_000, Number.MAX_SAFE_INTEGER])
    expect(write(number)).toBe(String(number))
  fc.assert(fc.property(fc.maxSafeNat(), (number) => write(number) === String(number)))
})

test('what is written grows beyond the capacity, and is gone after clear', () => {
  const writer = new TextWriter(1)
  for (const byte of [97, 98, 99]) writer.byte(byte)
  writer.bytes(Buffer.from('def'))
  expect(writer.written.toString()).toBe('abcdef')
  writer.clear()
  expect(writer.written.length).toBe(0)
})
