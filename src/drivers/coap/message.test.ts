import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  blockOf,
  blockOption,
  codeText,
  decode,
  encode,
  optionNumbers,
  pathOf,
  pathOptions,
  uintOf,
  uintOption,
  type CoapMessage,
} from './message.ts'

const bytes = (max: number) => fc.uint8Array({ maxLength: max }).map((array) => Buffer.from(array))
const message = fc.record({
  type: fc.constantFrom(0, 1, 2, 3),
  code: fc.integer({ min: 1, max: 255 }),
  id: fc.nat(0xffff),
  token: bytes(8),
  options: fc.array(fc.record({ number: fc.nat(0xffff), value: bytes(700) }), { maxLength: 6 }),
  payload: bytes(50),
}) as fc.Arbitrary<CoapMessage>

test('the example of RFC 7252 (figure 16) is read', () => {
  const request = decode(Buffer.from('40017d34bb74656d7065726174757265', 'hex'))
  expect(request).toMatchObject({ type: 0, code: 1, id: 0x7d34 })
  expect(request && pathOf(request)).toBe('/temperature')
  const answer = decode(Buffer.from('60457d34ff32322e332043', 'hex'))
  expect(answer?.payload.toString()).toBe('22.3 C')
  expect(codeText(answer?.code ?? 0)).toBe('2.05 content')
})

test('what is encoded is decoded again', () => {
  fc.assert(
    fc.property(message, (original) => {
      const options = original.options.toSorted((a, b) => a.number - b.number)
      expect(decode(encode(original))).toEqual({ ...original, options })
    }),
  )
})

test('no bytes make the decoder throw, nor the look at their options', () => {
  const damaged = fc.tuple(message, fc.nat(2000), fc.nat(255)).map(([original, at, value]) => {
    const datagram = encode(original)
    datagram[at % datagram.length] = value
    return datagram
  })
  fc.assert(
    fc.property(fc.oneof(bytes(64), damaged), (datagram) => {
      const found = decode(datagram)
      if (!found) return
      pathOf(found)
      blockOf(found, optionNumbers.block1)
      uintOf(found, optionNumbers.observe)
    }),
    { numRuns: 2000 },
  )
})

test('blocks and numbers survive their option', () => {
  const of = (options: CoapMessage['options']) =>
    ({ type: 0, code: 1, id: 0, token: Buffer.alloc(0), options, payload: Buffer.alloc(0) }) as const
  fc.assert(
    fc.property(fc.nat(0xf_ffff), fc.boolean(), fc.integer({ min: 4, max: 10 }), (index, more, exponent) => {
      const block = { index, more, size: 2 ** exponent }
      expect(blockOf(of([blockOption(23, block)]), 23)).toEqual(block)
    }),
  )
  const number = fc.integer({ min: 0, max: 0xffff_ffff })
  fc.assert(fc.property(number, (value) => uintOf(of([uintOption(6, value)]), 6) === value))
  expect(blockOf(of([{ number: 23, value: Buffer.of(7) }]), 23)).toBe('invalid')
  expect(blockOf(of([{ number: 23, value: Buffer.alloc(4) }]), 23)).toBe('invalid')
})

test('paths and queries become options', () => {
  const written = (path: string) => pathOptions(path).map(({ number, value }) => `${number} ${value.toString()}`)
  expect(written('/')).toEqual([])
  expect(written('/a/b%20c')).toEqual(['11 a', '11 b c'])
  expect(written('/a?x=1&y=ä')).toEqual(['11 a', '15 x=1', '15 y=ä'])
})
