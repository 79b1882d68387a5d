// One tag with all that is kept of it, and its newest sample.
import { formatTime } from '#core/time.ts'
import { checkArrays } from './check-arrays.ts'
import { checkBlocks } from './check-blocks.ts'
import { checkChunks } from './check-chunks.ts'
import { byRepair, type CheckedTag, type Checking, type Span } from './checking.ts'

interface Newest {
  readonly time: number
  readonly value: number
  readonly quality: number
  readonly text: string
}

export async function checkTag(checking: Checking, tag: CheckedTag): Promise<void> {
  if (tag.kind === 'array') {
    const newest = await checkArrays(checking, tag)
    return checkLatest(checking, tag, newest && { ...newest, value: Number.NaN, text: '' })
  }
  const { newest, gaps } = await checkChunks(checking, tag)
  const aside = checking.connection.prepare('select start, end from damaged_chunk where tag = ?').all(tag.id) as unknown as Span[]
  const allGaps = [...gaps, ...aside]
  if (tag.kind !== 'text') await checkBlocks(checking, tag, allGaps)
  const row = (newest?.count ?? 0) - 1
  const value = newest?.value[row] ?? Number.NaN
  const time = newest?.time[row]
  // What was newest may be what cannot be read.
  if (allGaps.some(({ end }) => end > (time ?? -Infinity))) return
  checkLatest(
    checking,
    tag,
    time === undefined ? undefined : { time, value, quality: newest?.quality[row] ?? 0, text: newest?.texts[value] ?? '' },
  )
}

function checkLatest({ found }: Checking, tag: CheckedTag, newest: Newest | undefined): void {
  if (isSame(tag, newest)) return
  const shown = (time: number | null | undefined) => (time == null ? 'none' : formatTime(time))
  found({
    text: `the newest sample of ${tag.path} is noted as ${shown(tag.latest_time)}, and is ${shown(newest?.time)}${tag.latest_time === newest?.time ? ' with another value' : ''}`,
    mend: byRepair,
    repair: (shelf) => void shelf.renewLatest(tag.id),
  })
}

function isSame({ kind, latest_time, latest_value, latest_quality, latest_text }: CheckedTag, newest: Newest | undefined): boolean {
  if (latest_time === null || !newest) return latest_time === null && !newest
  const value = new Float64Array((latest_value ?? new Uint8Array(8)).slice().buffer)[0] as number
  // The value of a text is an index into a dictionary that is gone.
  const isSameValue =
    kind === 'text' ? Number.isNaN(value) === Number.isNaN(newest.value) && latest_text === newest.text : Object.is(value, newest.value)
  return latest_time === newest.time && latest_quality === newest.quality && isSameValue
}
