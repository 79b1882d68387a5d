// What a batch must be to be stored: the border where telemetry enters and is trusted from then on.
import { arrayFault } from '#core/array.ts'
import { filterRows, textLengthMax, type Batch } from '#core/batch.ts'
import type { Directory } from '#core/directory.ts'
import { messageOf } from '#core/errors.ts'
import { tagPathFault } from '#core/path.ts'
import { isBad } from '#core/quality.ts'
import { timeFault, type Micros } from '#core/time.ts'

export interface Refusal {
  readonly row: number
  readonly reason: string
}

export interface CheckedBatch {
  /** The rows that may be stored. */
  readonly batch: Batch
  readonly refused: readonly Refusal[]
}

/**
 * Checks times, values, paths and kinds row by row; a tag becomes known to the directory with its first row that may be stored.
 * Nothing is refused for another row's fault.
 */
export function checkBatch(batch: Batch, directory: Directory, now: Micros): CheckedBatch {
  /** Per dictionary entry, once a row needs it: what is wrong with the tag, or null. */
  const tagFaults: (string | null)[] = []
  const refused: Refusal[] = []
  const keep = new Uint8Array(batch.count)
  for (let row = 0; row < batch.count; row++) {
    const index = batch.tag[row] as number
    const reason = timeFault(batch.time[row] as number, now) ?? valueFault(batch, row) ?? (tagFaults[index] ??= admit(index))
    if (reason === null) keep[row] = 1
    else refused.push({ row, reason })
  }
  return { batch: refused.length === 0 ? batch : filterRows(batch, (row) => keep[row] === 1), refused }

  function admit(index: number): string | null {
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
