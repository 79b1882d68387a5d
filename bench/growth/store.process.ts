// The measured process: an embedded store that is loaded, or opened again and asked.
import { answerParent } from '#bench/support/child.ts'
import { median } from '#bench/support/statistics.ts'
import type { Telemetry } from '#bench/support/telemetry-file.ts'
import { memoryBytes } from '#bench/support/process-figures.ts'
import { createOurs } from '#bench/store/engines/ours.ts'
import { load, type LoadFigures } from '#bench/store/load.ts'
import type { Range } from '#bench/store/engine.ts'

/** So many tags are asked, whatever their number. */
const tagsAsked = 100

export interface GrowthQuestions {
  readonly range: Range
  readonly raw: Range
  readonly buckets: number
}

export interface GrowthAnswers {
  readonly count: number
  readonly openMs: number
  readonly latestMs: number
  readonly rawMs: number
  readonly bucketsMs: number
}

answerParent({
  async load(folder: string, telemetry: Telemetry): Promise<LoadFigures & { memoryMb: number }> {
    const store = createOurs({ folder, tags: telemetry.tags, port: 0, url: '' })
    await store.open()
    const figures = await load(store, telemetry)
    const memoryMb = memoryBytes(process.pid) / 1e6
    await store.close()
    return { ...figures, memoryMb }
  },
  async ask(folder: string, { range, raw, buckets }: GrowthQuestions): Promise<GrowthAnswers> {
    const started = performance.now()
    const store = createOurs({ folder, tags: tagsAsked, port: 0, url: '' })
    await store.open()
    await store.buckets(0, range, buckets)
    const openMs = performance.now() - started
    const latestMs = await timed(() => store.latest(range))
    const rawMs = await timed((tag) => store.raw(tag, raw))
    const bucketsMs = await timed((tag) => store.buckets(tag, range, buckets))
    const { count } = await store.totals(range)
    await store.close()
    return { count, openMs, latestMs, rawMs, bucketsMs }
  },
})

/** Once for each tag unmeasured, then again. */
async function timed(act: (tag: number) => Promise<unknown>): Promise<number> {
  const times: number[] = []
  for (const round of ['warm', 'measured'])
    for (let tag = 0; tag < tagsAsked; tag++) {
      const asked = performance.now()
      await act(tag)
      if (round === 'measured') times.push(performance.now() - asked)
    }
  return median(times)
}
