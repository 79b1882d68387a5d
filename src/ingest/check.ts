// What a batch must be to be stored: the border where telemetry enters and is trusted from then on.
import { arrayFault } from '#core/array.ts'
import { filterRows, textLengthMax, type Batch } from '#core/batch.ts'
import type { Directory } from '#core/directory.ts'
import { messageOf } from '#core/errors.ts'
import { refusalsMax, type Refusal } from '#core/ingest.ts'
import { tagPathFault } from '#core/path.ts'
import { isBad } from '#core/quality.ts'
import { futureToleranceUs, timeFault, type Micros } from '#core/time.ts'

export interface CheckedBatch {
  /** The rows that may be stored. */
  readonly batch: Batch
  /** How many may not. */
  readonly refused: number
  /** The first of them. */
  readonly refusals: readonly Refusal[]
}

/**
 * Checks times, values, paths and kinds row by row; a tag becomes known to the directory with its first row that may be stored.
 * Nothing is refused for another row's fault.
 */
export function checkBatch(batch: Batch, directory: Directory, now: Micros): CheckedBatch {
  const { count, tag, time, value } = batch
  /** Per dictionary entry, once a row needs it: what is wrong with the tag, or null. */
  const tagFaults: (string | null)[] = []
  /** 1 for number tags that are admitted: their rows are nearly all rows, and are let through here without a call. */
  const plain = new Uint8Array(batch.tags.length)
  const timeMax = now + futureToleranceUs
  const refusals: Refusal[] = []
  let keep: Uint8Array | undefined
  let refused = 0
  for (let row = 0; row < count; row++) {
    const index = tag[row] as number
    const at = time[row] as number
    if (plain[index] === 1 && Number.isFinite(value[row]) && at >= 0 && at <= timeMax && Math.floor(at) === at) continue
    const reason = timeFault(at, now) ?? valueFault(batch, row) ?? (tagFaults[index] ??= admit(index))
    if (reason === null) continue
    keep ??= new Uint8Array(count).fill(1)
    keep[row] = 0
    if (refused++ < refusalsMax) refusals.push({ row, reason })
  }
  return { batch: keep ? filterRows(batch, (row) => keep[row] === 1) : batch, refused, refusals }

  function admit(index: number): string | null {
    const fault = tagFault(batch, index, directory)
    if (fault === null && batch.kinds[index] === 'number') plain[index] = 1
    return fault
  }
}

function tagFault(batch: Batch, index: number, directory: Directory): string | null {
  const path = batch.tags[index] as string
  const kind = batch.kinds[index] as Batch['kinds'][number]
  const known = directory.tag(path)
  if (known)
    return known.kind === kind
      ? null
      : `tag "${path}" is of kind ${known.kind}, this value is of kind ${kind}; send it under another name, or as ${known.kind}`
  const fault = tagPathFault(path)
  if (fault !== undefined) return fault
  try {
    directory.observe(path, kind)
    return null
  } catch (error) {
    return messageOf(error)
  }
}

function valueFault(batch: Batch, row: number): string | undefined {
  const value = batch.value[row] as number
  if (Number.isNaN(value)) return isBad(batch.quality[row] as number) ? undefined : 'there is no value (NaN), yet the quality is not bad'
  switch (batch.kinds[batch.tag[row] as number]) {
    case 'number':
      return Number.isFinite(value) ? undefined : 'the value is infinite'
    case 'boolean':
      return value === 0 || value === 1 ? undefined : 'a boolean is 0 or 1'
    case 'text': {
      const { length } = batch.texts[value] as string
      return length <= textLengthMax ? undefined : `the text has ${length} characters; the most is ${textLengthMax}`
    }
    default:
      return arrayFault(batch.arrays[value] as Batch['arrays'][number])
  }
}
