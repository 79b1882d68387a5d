import { expect, test } from 'vitest'
import { readFrame } from './frames.ts'

const headers = (shape: string) =>
  new Headers({ 'millwright-shape': shape, 'millwright-time': '2026-01-01T00:00:00.000000Z', 'millwright-quality': 'good' })

test('a binary frame is read row by row, with its statistics', () => {
  const frame = readFrame(headers('2x3'), Float32Array.of(1, 2, 3, 4, 9, 5).buffer)
  expect(frame).toMatchObject({ rows: 2, columns: 3, time: '2026-01-01T00:00:00.000000Z', quality: 'good' })
  expect(frame.statistics).toMatchObject({ min: 1, max: 9, mean: 4, hotSpotRow: 1, hotSpotColumn: 1 })
})

test('a waveform is one row', () => {
  expect(readFrame(headers('4'), new ArrayBuffer(16))).toMatchObject({ rows: 1, columns: 4 })
})

test('a frame whose bytes are not its shape is refused', () => {
  expect(() => readFrame(headers('2x3'), new ArrayBuffer(20))).toThrow('The frame says 2x3 and has 20 bytes')
  expect(() => readFrame(new Headers(), new ArrayBuffer(0))).toThrow('no shape')
})
