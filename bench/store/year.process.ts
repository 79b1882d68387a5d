// A year of one tag in the embedded store: loaded by one process, drawn by the next.
import { answerParent } from '#bench/support/child.ts'
import { median } from '#bench/support/statistics.ts'
import { readBatches, tagPath, type Telemetry } from '#bench/support/telemetry-file.ts'
import { equalEdges } from '#core/bucket-edges.ts'
import { createEmbeddedStore } from '#store/embedded/embedded-store.ts'
import type { RetentionSettings } from '#store/engine/retention.ts'

/** Every sample is kept. */
const retention: RetentionSettings = { rules: [{ tags: '**', raw: 'forever', minutes: 'forever' }], bytesMax: Infinity }
const buckets = 1000
const repeats = 15

answerParent({
  async load(folder: string, telemetry: Telemetry) {
    const store = createEmbeddedStore({ folder, retention })
    await store.open()
    for (const batch of readBatches(telemetry)) await store.append([{ batch }])
    // What happens once a day in a year that takes a year.
    await store.seal()
    await store.retain()
    await store.close()
  },
  async draw(folder: string, { from, to }: Pick<Telemetry, 'from' | 'to'>) {
    const store = createEmbeddedStore({ folder, retention })
    await store.open()
    const times: number[] = []
    let count = 0
    for (let index = 0; index < repeats; index++) {
      const asked = performance.now()
      const [columns] = await store.buckets([tagPath(0)], equalEdges(from, to, buckets))
      times.push(performance.now() - asked)
      count = columns?.count.reduce((sum, each) => sum + each, 0) ?? 0
    }
    await store.close()
    return { firstMs: times[0], medianMs: median(times), count }
  },
})
