import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { packetSizeGuard } from './packet-size.ts'

/** An MQTT packet with so many bytes after its fixed header. */
function packet(length: number): number[] {
  const header = [0x30]
  let rest = length
  do {
    header.push(rest >= 128 ? (rest % 128) | 0x80 : rest)
    rest = Math.floor(rest / 128)
  } while (rest > 0)
  return [...header, ...Array.from({ length }, () => 0xff)]
}

test('however the bytes are cut, a packet is refused exactly when it is larger than the bound', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1 }), fc.integer({ min: 1, max: 999 }), (lengths, cut) => {
      const bytes = Uint8Array.from(lengths.flatMap(packet))
      const tooLarge = packetSizeGuard(300)
      let refused = false
      for (let at = 0; at < bytes.length && !refused; at += cut) refused = tooLarge(bytes.subarray(at, at + cut))
      expect(refused).toBe(lengths.some((length) => length > 300))
    }),
  )
})

test('a length that never ends is refused', () => {
  expect(packetSizeGuard(2 ** 28)(Uint8Array.of(0x30, 0x80, 0x80, 0x80, 0x80, 0x80))).toBe(true)
})
