// When a machine of which only bad values are left (it was lost, or its sensors failed) last gave one that was not bad.
import type { Directory } from '#core/directory.ts'
import { isBad } from '#core/quality.ts'
import type { Store } from '#core/store.ts'
import type { Micros } from '#core/time.ts'

/** So many tags of a machine are asked, and so many rows of each looked through, from the newest back. */
const tagsMax = 20
const rowsMax = 100

/** A function from a machine's path to that time, or -1; it remembers its answers until newer samples come. */
export function lastGoodOf(directory: Directory, store: Store): (machine: string) => Promise<Micros> {
  const known = new Map<string, { readonly newest: Micros; readonly good: Micros }>()
  return async (machine) => {
    const tags = [...directory.tags(machine)].flatMap(({ path }) => ({ path, time: store.latest(path)?.time ?? -1 }))
    const newest = tags.reduce((newest, { time }) => Math.max(newest, time), -1)
    const before = known.get(machine)
    if (newest < 0 || before?.newest === newest) return before?.good ?? -1
    const times = await Promise.all(
      tags.slice(0, tagsMax).map(async ({ path, time }) => {
        const rows = await store.readBack(path, time, rowsMax)
        return rows.time[rows.quality.findLastIndex((quality) => !isBad(quality))] ?? -1
      }),
    )
    const good = Math.max(before?.good ?? -1, ...times)
    known.set(machine, { newest, good })
    return good
  }
}
