// A driver without a machine: 1,000 tags that change ten times a second, each sample stamped at the moment it is made.
import { z } from 'zod'
import { defineDriver } from '#core/driver.ts'

export const sourceDriver = defineDriver({
  name: 'source',
  title: 'Synthetic source',
  description: 'Emits every point at a period, for measuring',
  settings: z.strictObject({ periodMs: z.number(), seconds: z.number() }),
  address: z.strictObject({}),
  create({ periodMs, seconds }, points, { clock, sink }) {
    let left = Math.round((seconds * 1000) / periodMs)
    return {
      pollPeriodMs: periodMs,
      connect: async () => {},
      async poll() {
        if (left-- <= 0) return
        for (let point = 0; point < points.length; point++)
          sink.sample(point, clock.now(), Math.round(1000 * Math.sin(left / 20 + point)) / 100, 0)
      },
      close: async () => {},
    }
  },
})
