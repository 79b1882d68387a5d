// The samples of an array tag: each can be read, and its statistics are its own.
import { arrayStatistics } from '#core/array.ts'
import { messageOf } from '#core/errors.ts'
import { formatTime } from '#core/time.ts'
import { decodeArray } from '#store/chunk/array-codec.ts'
import { byRepair, fromBackup, type CheckedTag, type Checking } from './checking.ts'

interface StoredArray {
  readonly time: number
  readonly quality: number
  readonly statistics: Uint8Array | null
  readonly bytes: Uint8Array | null
}

/** Resolves to the newest sample. */
export async function checkArrays({ connection, found, step }: Checking, { id, path }: CheckedTag): Promise<StoredArray | undefined> {
  let newest: StoredArray | undefined
  const statement = connection.prepare('select time, quality, statistics, bytes from array_sample where tag = ? order by time')
  for (const row of statement.iterate(id)) {
    const sample = row as unknown as StoredArray
    newest = sample
    const { time, quality, bytes } = sample
    const name = `the array of ${path} at ${formatTime(time)}`
    try {
      const value = bytes ? await decodeArray(bytes) : undefined
      const statistics = value && arrayStatistics(value)
      const expected = statistics && [statistics.min, statistics.max, statistics.mean, statistics.std]
      if (!isSame(sample.statistics, expected))
        found({
          text: `${name} has statistics that are not its own`,
          mend: byRepair,
          repair: async (shelf) => void (await shelf.insertArrays(id, [{ time, quality, value, statistics }])),
        })
    } catch (error) {
      found({ text: `${name} cannot be read (${messageOf(error)})`, mend: fromBackup })
    }
    await step()
  }
  return newest
}

function isSame(bytes: Uint8Array | null, expected: readonly number[] | undefined): boolean {
  if (!bytes || !expected) return !bytes && !expected
  const numbers = new Float64Array(bytes.slice().buffer)
  return numbers.length === expected.length && expected.every((x, index) => Math.abs(x - (numbers[index] as number)) <= 1e-9 * Math.abs(x))
}
