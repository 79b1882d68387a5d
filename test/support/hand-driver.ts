// A driver whose machine is the test: it connects at once, and the test puts samples in by hand.
import { z } from 'zod'
import { defineDriver, type DriverContext, type DriverModule } from '#core/driver.ts'

export interface HandDriver {
  /** A registry that holds it under the name `test`. */
  readonly drivers: ReadonlyMap<string, DriverModule>
  /** What the newest life of the driver was given. */
  readonly device: () => DriverContext
}

export function createHandDriver(): HandDriver {
  let newest: DriverContext | undefined
  const driver = defineDriver({
    name: 'test',
    title: '',
    description: '',
    settings: z.unknown(),
    address: z.unknown(),
    create(_settings, _points, context) {
      newest = context
      return { connect: async () => {}, close: async () => {} }
    },
  })
  return {
    drivers: new Map([[driver.name, driver]]),
    device() {
      if (!newest) throw new Error('no life of the driver has begun')
      return newest
    },
  }
}
