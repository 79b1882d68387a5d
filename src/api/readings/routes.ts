// GET /data: the newest readings of the rotating equipment, in the form that an older digital twin served.
import { isBad } from '#core/quality.ts'
import { formatTime, futureToleranceUs } from '#core/time.ts'
import type { ApiContext, ApiScope } from '#api/context.ts'
import { readingListSchema, type Reading } from './schema.ts'

const profileName = 'rotating-equipment'
const readingsCount = 10
const columns = ['temperature', 'vibration', 'pressure'] as const

export function readingRoutes(api: ApiScope, { directory, store, clock }: ApiContext): void {
  api.get(
    '/data',
    { schema: { summary: 'The newest ten readings of the rotating equipment', response: { 200: readingListSchema } } },
    async () => {
      const machines = [...directory.machines()].filter(({ profile }) => profile?.profile === profileName)
      const readings = await Promise.all(machines.map(({ path }) => readingsOf(path)))
      return readings
        .flat()
        .toSorted((a, b) => b.id - a.id)
        .slice(0, readingsCount)
    },
  )

  async function readingsOf(machine: string): Promise<Reading[]> {
    const byTime = new Map<number, Reading>()
    for (const column of columns) {
      const { time, value, quality } = await store.readBack(`${machine}/${column}`, clock.now() + futureToleranceUs + 1, readingsCount)
      time.forEach((at, row) => {
        if (isBad(quality[row] as number)) return
        const reading = byTime.get(at) ?? { id: at, timestamp: formatTime(at), temperature: null, vibration: null, pressure: null }
        byTime.set(at, { ...reading, [column]: value[row] as number })
      })
    }
    return [...byTime.values()]
  }
}
