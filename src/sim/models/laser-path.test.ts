import { expect, test } from 'vitest'
import { LaserPath } from './laser-path.ts'

const options = { size: 100, layers: 3, speedMmPerSecond: 60, recoatSeconds: 8, idleSeconds: 60 }

test('The laser scans, waits for the recoater, and rests between jobs', () => {
  const laser = new LaserPath(options)
  const seen: string[] = []
  for (let second = 0; second < 400; second++) {
    laser.advance(1, () => {})
    const state = `${laser.phase} ${laser.layer}`
    if (seen.at(-1) !== state) seen.push(state)
  }
  expect(seen.slice(0, 7)).toEqual(['scanning 1', 'recoating 1', 'scanning 2', 'recoating 2', 'scanning 3', 'idle 3', 'scanning 1'])
})

test('Hatch lines keep inside the part and turn by 67° from layer to layer', () => {
  const laser = new LaserPath(options)
  const angles = new Map<number, number>()
  for (let tenth = 0; tenth < 1200; tenth++)
    laser.advance(0.1, (x0, y0, x1, y1) => {
      expect(Math.hypot(x0 - 50, y0 - 50)).toBeLessThan(37)
      expect(Math.hypot(x1 - 50, y1 - 50)).toBeLessThan(37)
      const angle = ((Math.atan2(y1 - y0, x1 - x0) * 180) / Math.PI + 360) % 180
      if (!angles.has(laser.layer)) angles.set(laser.layer, angle)
    })
  expect(((angles.get(2) ?? 0) - (angles.get(1) ?? 0) + 180) % 180).toBeCloseTo(67, 3)
})

test('Where the laser goes does not depend on how time is cut into steps', () => {
  const whole = new LaserPath(options)
  const cut = new LaserPath(options)
  let wholeLength = 0
  let cutLength = 0
  whole.advance(100, (x0, y0, x1, y1) => (wholeLength += Math.hypot(x1 - x0, y1 - y0)))
  for (let i = 0; i < 1000; i++) cut.advance(0.1, (x0, y0, x1, y1) => (cutLength += Math.hypot(x1 - x0, y1 - y0)))
  expect(cut.layer).toBe(whole.layer)
  expect(cutLength).toBeCloseTo(wholeLength, 3)
})
