import { crc32 } from 'node:zlib'
import { expect, test } from 'vitest'
import { batchOf } from './batch.ts'
import { encodeFrame } from './frame.ts'
import { decodeFrameList, encodeFrameList, framesMax } from './frame-list.ts'

const frame = (value: number) => encodeFrame(batchOf([{ tag: 'm/t', time: 1, value }]), crc32)

test('frames come back from a list as they went in', () => {
  const frames = [1, 2, 3].map((sequence) => ({ sequence, frame: frame(sequence) }))
  expect(decodeFrameList(encodeFrameList(frames))).toEqual(frames)
  expect(decodeFrameList(new Uint8Array())).toEqual([])
})

test.each<[what: string, list: Uint8Array, said: RegExp]>([
  ['that ends within a head', new Uint8Array(15), /ends at byte 15, in the middle of a frame's head/],
  ['that ends within a frame', encodeFrameList([{ sequence: 1, frame: frame(1) }]).slice(0, -1), /frame 0 of the list says \d+ bytes/],
  ['with the sequence 0', encodeFrameList([{ sequence: 0, frame: frame(1) }]), /frame 0 of the list has the impossible sequence 0/],
  ['with a fraction', encodeFrameList([{ sequence: 1.5, frame: frame(1) }]), /impossible sequence 1.5/],
  [
    'of too many frames',
    encodeFrameList(
      Array.from({ length: framesMax + 1 }, (_, index) => ({ sequence: index + 1, frame: Uint8Array.of(0, 0, 0, 0, 8, 0, 0, 0) })),
    ),
    /more than 10000 frames/,
  ],
])('a list %s is refused with the place', (_, list, said) => {
  expect(() => decodeFrameList(list)).toThrow(said)
})
