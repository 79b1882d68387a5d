// The segments of the write-ahead log that are not sealed yet, read as the next start will read them.
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { readSegment, segmentOf } from '#store/embedded/log-segment.ts'
import type { Checking } from './checking.ts'

/** Resolves to how many rows wait there to be sealed. */
export async function checkLog({ found, step }: Checking, folder: string, sealed: number): Promise<number> {
  let rows = 0
  for (const name of (await readdir(folder)).toSorted()) {
    if ((segmentOf(name) ?? -Infinity) <= sealed) continue
    const path = join(folder, name)
    const file = await open(path, 'r')
    try {
      for await (const part of readSegment(file)) {
        if (part.kind === 'record') rows += part.deliveries.reduce((sum, { batch }) => sum + batch.count, 0)
        // An unfinished record at the end is what a crash leaves: it was never acknowledged.
        if (part.kind === 'damaged')
          found({
            text: `${part.length} bytes at byte ${part.at} of ${path} are damaged: rows that are not sealed yet are lost`,
            mend: 'bring back what a backup has of that time; the next start goes on without them',
          })
        await step()
      }
    } finally {
      await file.close()
    }
  }
  return rows
}
