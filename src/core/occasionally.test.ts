import { expect, test } from 'vitest'
import { systemClock } from './clock.ts'
import { occasionally } from './occasionally.ts'

test('of many warnings one per ten seconds is logged, with the count of the others, also after the clock was set back', () => {
  const log: string[] = []
  let now = 1e15
  const warn = occasionally({ clock: { ...systemClock, now: () => now }, log: { warn: (message) => void log.push(message) } })
  for (let count = 0; count < 5; count++) warn('bad')
  now += 10_000_000
  warn('bad')
  now -= 3_600_000_000
  warn('bad')
  expect(log).toEqual(['bad', 'bad (and 4 such events before)', 'bad'])
})
