// The unit that moves: columns of samples. Gateways build batches, frames carry them, ingest checks them, stores keep them.
import type { ArrayValue } from './array.ts'
import type { Quality } from './quality.ts'
import { kinds, type Kind } from './tag.ts'
import type { Micros } from './time.ts'
import type { TagPath } from './path.ts'

/**
 * Samples as columns; row i is one sample of `tags[tag[i]]`.
 * `value[i]` is the number itself, 0 or 1 for a boolean, the index into `texts` or `arrays` for the other kinds,
 * and NaN where there is no value (allowed with a bad quality only).
 * The typed arrays may be longer than `count`; rows beyond it are not part of the batch.
 */
export interface Batch {
  readonly tags: readonly TagPath[]
  /** The kind of each entry of `tags`. */
  readonly kinds: readonly Kind[]
  readonly count: number
  readonly tag: Uint32Array
  readonly time: Float64Array
  readonly value: Float64Array
  readonly quality: Uint8Array
  readonly texts: readonly string[]
  readonly arrays: readonly ArrayValue[]
}

/** A value as people and JSON see it; null is "no value" and comes with a bad quality. */
export type Value = number | boolean | string | ArrayValue | null

export interface Sample {
  readonly time: Micros
  readonly value: Value
  readonly quality: Quality
}

/** Longest text value, in characters. */
export const textLengthMax = 16_384

/** The value of row `row`, as people see it. Allocates: not for the hot path. */
export function valueAt(batch: Batch, row: number): Value {
  const value = batch.value[row] as number
  if (Number.isNaN(value)) return null
  switch (batch.kinds[batch.tag[row] as number]) {
    case 'boolean':
      return value !== 0
    case 'text':
      return batch.texts[value] ?? null
    case 'array':
      return batch.arrays[value] ?? null
    default:
      return value
  }
}

/** The kind that a value has by itself; null has none. */
export function kindOf(value: Exclude<Value, null>): Kind {
  return typeof value === 'number' ? 'number' : typeof value === 'boolean' ? 'boolean' : typeof value === 'string' ? 'text' : 'array'
}

/** Grows a batch row by row; reused between batches, so that a steady flow allocates nothing per sample. */
export class BatchBuilder {
  #index = new Map<TagPath, number>()
  #tags: TagPath[] = []
  #kinds: Kind[] = []
  #count = 0
  #tag: Uint32Array<ArrayBuffer>
  #time: Float64Array<ArrayBuffer>
  #value: Float64Array<ArrayBuffer>
  #quality: Uint8Array<ArrayBuffer>
  #texts: string[] = []
  #arrays: ArrayValue[] = []

  constructor(capacity = 256) {
    this.#tag = new Uint32Array(capacity)
    this.#time = new Float64Array(capacity)
    this.#value = new Float64Array(capacity)
    this.#quality = new Uint8Array(capacity)
  }

  get count(): number {
    return this.#count
  }

  /** The dictionary index of a tag in this builder, valid until `clear`. A tag has one kind per batch: the first given. */
  tagIndex(path: TagPath, kind: Kind): number {
    const known = this.#index.get(path)
    if (known !== undefined) return known
    const index = this.#tags.push(path) - 1
    this.#kinds.push(kind)
    this.#index.set(path, index)
    return index
  }

  /** The kind that a tag has in this builder so far. */
  kindOfTag(path: TagPath): Kind | undefined {
    return this.#kinds[this.#index.get(path) ?? -1]
  }

  /** Adds a number or boolean row (or, with NaN, a row without a value) for a dictionary index. */
  add(tag: number, time: Micros, value: number, quality: Quality): void {
    const row = this.#count
    if (row === this.#tag.length) this.#grow()
    this.#tag[row] = tag
    this.#time[row] = time
    this.#value[row] = value
    this.#quality[row] = quality
    this.#count = row + 1
  }

  addText(tag: number, time: Micros, text: string, quality: Quality): void {
    this.add(tag, time, this.#texts.push(text) - 1, quality)
  }

  addArray(tag: number, time: Micros, array: ArrayValue, quality: Quality): void {
    this.add(tag, time, this.#arrays.push(array) - 1, quality)
  }

  /** Adds any value; its kind must be the tag's. */
  addValue(path: TagPath, kind: Kind, time: Micros, value: Value, quality: Quality): void {
    const tag = this.tagIndex(path, kind)
    if (value === null) this.add(tag, time, Number.NaN, quality)
    else if (typeof value === 'string') this.addText(tag, time, value, quality)
    else if (typeof value === 'object') this.addArray(tag, time, value, quality)
    else this.add(tag, time, Number(value), quality)
  }

  /** The rows so far as a batch that stays valid after `clear`. */
  build(): Batch {
    return {
      tags: this.#tags.slice(),
      kinds: this.#kinds.slice(),
      count: this.#count,
      tag: this.#tag.slice(0, this.#count),
      time: this.#time.slice(0, this.#count),
      value: this.#value.slice(0, this.#count),
      quality: this.#quality.slice(0, this.#count),
      texts: this.#texts.slice(),
      arrays: this.#arrays.slice(),
    }
  }

  clear(): void {
    this.#index.clear()
    this.#tags = []
    this.#kinds = []
    this.#count = 0
    this.#texts = []
    this.#arrays = []
  }

  #grow(): void {
    const capacity = this.#tag.length * 2
    const grown = <T extends Uint32Array | Float64Array | Uint8Array>(into: T, from: T): T => {
      into.set(from)
      return into
    }
    this.#tag = grown(new Uint32Array(capacity), this.#tag)
    this.#time = grown(new Float64Array(capacity), this.#time)
    this.#value = grown(new Float64Array(capacity), this.#value)
    this.#quality = grown(new Uint8Array(capacity), this.#quality)
  }
}

/** A batch of the given samples. Allocates: for tests, imports and small posts. */
export function batchOf(samples: Iterable<{ tag: TagPath; kind?: Kind; time: Micros; value: Value; quality?: Quality }>): Batch {
  const builder = new BatchBuilder()
  for (const { tag, kind, time, value, quality = 0 } of samples)
    builder.addValue(tag, kind ?? (value === null ? 'number' : kindOf(value)), time, value, quality)
  return builder.build()
}

/** The rows of a batch that `keep` accepts, with only the tags and side values that they use. */
export function filterRows(batch: Batch, keep: (row: number) => boolean): Batch {
  const builder = new BatchBuilder()
  for (let row = 0; row < batch.count; row++) {
    if (!keep(row)) continue
    const tag = batch.tag[row] as number
    builder.addValue(
      batch.tags[tag] as TagPath,
      batch.kinds[tag] as Kind,
      batch.time[row] as Micros,
      valueAt(batch, row),
      batch.quality[row] as Quality,
    )
  }
  return builder.build()
}

/** Byte of a kind on the wire and on disk. */
export const kindCode = (kind: Kind): number => kinds.indexOf(kind)
export const kindOfCode = (code: number): Kind | undefined => kinds[code]
