import { expect, test } from 'vitest'
import { type Progress, progressOn } from '#cli/progress.ts'
import { progressLine, type ProgressState } from './progress.ts'

const state = { rows: 1200, accepted: 9600, bytes: 500, bytesTotal: 1000 }

test('the line says how far, how fast and how long', () => {
  expect(progressLine(state, 2)).toBe('[============            ]   50 %  1 200 rows  9 600 samples  4 800 samples/s  0:02 left')
  expect(progressLine({ ...state, bytesTotal: undefined }, 2)).toBe('1 200 rows  9 600 samples  4 800 samples/s')
})

function drawn(isTTY: boolean, steps: (progress: Progress<ProgressState>, move: (ms: number) => void) => void): string {
  let text = ''
  let nowMs = 0
  const stream = { isTTY, columns: 200, write: (part: string) => (text += part) } as unknown as NodeJS.WriteStream
  steps(
    progressOn(stream, progressLine, () => nowMs),
    (ms) => (nowMs += ms),
  )
  return text
}

test('a terminal gets one bar that is redrawn and removed', () => {
  const text = drawn(true, (progress, move) => {
    progress.update(state)
    move(200)
    progress.update(state)
    move(10)
    progress.update(state)
    progress.clear()
    progress.clear()
  })
  expect(text.match(/\r/g)).toHaveLength(2)
  expect(text).not.toContain('\n')
})

test('elsewhere a plain line comes now and then', () => {
  const text = drawn(false, (progress, move) => {
    move(200)
    progress.update(state)
    move(20_000)
    progress.update(state)
    progress.clear()
  })
  expect(text).toMatch(/^\[=+ +\].*left\n$/)
})
