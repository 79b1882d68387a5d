import { crc32 } from 'node:zlib'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { batchOf, type Value } from './batch.ts'
import { Rejected } from './errors.ts'
import { decodeFrame, encodeFrame } from './frame.ts'
import type { Kind } from './tag.ts'

const crc = (bytes: Uint8Array) => crc32(bytes)
const values: Record<Kind, fc.Arbitrary<Value>> = {
  number: fc.oneof(fc.double(), fc.constant(null)),
  boolean: fc.oneof(fc.boolean(), fc.constant(null)),
  text: fc.oneof(fc.string({ unit: 'binary' }), fc.constant(null)),
  array: fc.oneof(
    fc.float32Array({ minLength: 1, maxLength: 6 }).map((data) => ({ shape: [data.length], data })),
    fc.float32Array({ minLength: 6, maxLength: 6 }).map((data) => ({ shape: [2, 3], data })),
    fc.constant(null),
  ),
}
const batch = fc
  .array(
    fc.constantFrom<Kind>('number', 'boolean', 'text', 'array').chain((kind) =>
      fc.record({
        tag: fc.constantFrom('a', 'ä').map((name) => `werk/${name}/${kind}`),
        kind: fc.constant(kind),
        time: fc.maxSafeNat(),
        value: values[kind],
        quality: fc.integer({ min: 0, max: 255 }),
      }),
    ),
    { maxLength: 40 },
  )
  .map(batchOf)

test('a batch comes back from its frame exactly', () => {
  fc.assert(
    fc.property(batch, (batch) => {
      expect(decodeFrame(encodeFrame(batch, crc), crc)).toEqual(batch)
    }),
  )
})

test('columns longer than the count are cut to it', () => {
  const batch = batchOf([
    { tag: 'm/t', time: 1, value: 1 },
    { tag: 'm/t', time: 2, value: 2 },
  ])
  expect(decodeFrame(encodeFrame({ ...batch, count: 1 }, crc), crc).time).toEqual(Float64Array.of(1))
})

test('a frame is read at any offset of a larger buffer, and its columns are copies', () => {
  const frame = encodeFrame(batchOf([{ tag: 'm/t', time: 1, value: 'x' }]), crc)
  const buffer = new Uint8Array(frame.length + 3)
  buffer.set(frame, 3)
  const read = decodeFrame(buffer.subarray(3), crc)
  buffer.fill(0)
  expect(read).toEqual(decodeFrame(frame, crc))
})

test('damaged, cut and random bytes are Rejected and nothing else', () => {
  fc.assert(
    fc.property(batch, fc.nat(), fc.integer({ min: 1, max: 255 }), (batch, place, flip) => {
      const frame = encodeFrame(batch, crc)
      const damaged = frame.slice()
      damaged[place % frame.length] = (damaged[place % frame.length] as number) ^ flip
      expect(() => decodeFrame(damaged, crc)).toThrow(Rejected)
      expect(() => decodeFrame(frame.subarray(0, place % frame.length), crc)).toThrow(Rejected)
    }),
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(() => decodeFrame(bytes, crc)).toThrow(Rejected)
    }),
  )
})

test('wrong content under a right checksum is Rejected or a batch whose indices hold, never a crash', () => {
  fc.assert(
    fc.property(batch, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 }), (batch, changes) => {
      const frame = encodeFrame(batch, crc)
      for (const [place, byte] of changes) frame[12 + (place % (frame.length - 12))] = byte
      new DataView(frame.buffer).setUint32(8, crc32(frame.subarray(12)), true)
      let read
      try {
        read = decodeFrame(frame, crc)
      } catch (error) {
        expect(error).toBeInstanceOf(Rejected)
        return
      }
      for (let row = 0; row < read.count; row++) expect(read.kinds[read.tag[row] as number]).toBeDefined()
    }),
    { numRuns: 500 },
  )
})
