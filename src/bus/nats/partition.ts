// Which part of the load a tag belongs to, and a batch in its parts. All tags of a machine are in one partition: what one machine sends
// stays together, and whoever owns the partition sees the machine as a whole.
import { crc32 } from 'node:zlib'
import type { Batch } from '#core/batch.ts'
import { machineOf, type TagPath } from '#core/path.ts'
import type { Kind } from '#core/tag.ts'

export const partitionsMax = 1024

/** The partition of a tag, 0 to `partitions` - 1: CRC-32 (as in zlib) of its machine's path in UTF-8, modulo their number. */
export function partitionOf(tag: TagPath, partitions: number): number {
  return crc32(machineOf(tag)) % partitions
}

export interface Part {
  readonly partition: number
  readonly batch: Batch
}

/** The rows of each partition as a batch of its own, in their order. Texts and arrays are shared, not copied. */
export function splitBatch(batch: Batch, partitions: number): Part[] {
  const partitionOfTag = Uint16Array.from(batch.tags, (tag) => partitionOf(tag, partitions))
  const counts = new Map<number, number>()
  for (let row = 0; row < batch.count; row++) {
    const partition = partitionOfTag[batch.tag[row] as number] as number
    counts.set(partition, (counts.get(partition) ?? 0) + 1)
  }
  if (counts.size <= 1) return [...counts.keys()].map((partition) => ({ partition, batch }))
  const parts = new Map([...counts].map(([partition, count]) => [partition, new PartBuilder(batch, count)]))
  for (let row = 0; row < batch.count; row++) parts.get(partitionOfTag[batch.tag[row] as number] as number)?.add(row)
  return [...parts].map(([partition, builder]) => ({ partition, batch: builder.build() }))
}

/** The rows from ≤ row < to as a batch of its own. */
export function sliceBatch(batch: Batch, from: number, to: number): Batch {
  const builder = new PartBuilder(batch, to - from)
  for (let row = from; row < to; row++) builder.add(row)
  return builder.build()
}

/** Takes rows of one batch, with only the tags and side values that they use. */
class PartBuilder {
  #from: Batch
  #count = 0
  #tagIndex: Int32Array
  #tags: TagPath[] = []
  #kinds: Kind[] = []
  #texts: string[] = []
  #arrays: Batch['arrays'][number][] = []
  #tag: Uint32Array
  #time: Float64Array
  #value: Float64Array
  #quality: Uint8Array

  constructor(from: Batch, count: number) {
    this.#from = from
    this.#tagIndex = new Int32Array(from.tags.length).fill(-1)
    this.#tag = new Uint32Array(count)
    this.#time = new Float64Array(count)
    this.#value = new Float64Array(count)
    this.#quality = new Uint8Array(count)
  }

  add(row: number): void {
    const from = this.#from
    const fromTag = from.tag[row] as number
    const kind = from.kinds[fromTag] as Kind
    let tag = this.#tagIndex[fromTag] as number
    if (tag < 0) {
      tag = this.#tags.push(from.tags[fromTag] as TagPath) - 1
      this.#kinds.push(kind)
      this.#tagIndex[fromTag] = tag
    }
    const at = this.#count++
    this.#tag[at] = tag
    this.#time[at] = from.time[row] as number
    this.#quality[at] = from.quality[row] as number
    const value = from.value[row] as number
    if (kind === 'text' && !Number.isNaN(value)) this.#value[at] = this.#texts.push(from.texts[value] as string) - 1
    else if (kind === 'array' && !Number.isNaN(value))
      this.#value[at] = this.#arrays.push(from.arrays[value] as Batch['arrays'][number]) - 1
    else this.#value[at] = value
  }

  build(): Batch {
    return {
      tags: this.#tags,
      kinds: this.#kinds,
      count: this.#count,
      tag: this.#tag,
      time: this.#time,
      value: this.#value,
      quality: this.#quality,
      texts: this.#texts,
      arrays: this.#arrays,
    }
  }
}
