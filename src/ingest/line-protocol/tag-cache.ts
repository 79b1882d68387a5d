// Remembers which tag each field of each series is, by the very bytes that lines repeat; and numbers the tags of the batch under way.
import { isUtf8 } from 'node:buffer'
import { tagPathFault, type TagPath } from '#core/path.ts'
import { kinds, type Kind } from '#core/tag.ts'
import { ByteKeys, grown } from './byte-keys.ts'
import { readSeries, tagPathOf, type Series } from './tag-names.ts'

/** Most keys, and bytes of keys, that are remembered; then it begins anew. */
const keysKeptMax = 1 << 18
const keyBytesMax = 32 << 20

export class TagCache {
  readonly #keysMax: number
  readonly #keys = new ByteKeys()
  /** Per key of a series. */
  readonly #series = new Map<number, Series>()
  /** Per key: the number of the field's tag, -1 for a series. */
  #tagOfKey: number[] = []
  readonly #tagOfPath = new Map<TagPath, number>()
  #paths: TagPath[] = []
  /** Per tag and kind: its place in the batch's dictionary, valid where the stamp is the batch's. */
  #places = new Uint32Array(1 << 10)
  #stamps = new Uint32Array(1 << 10)
  #stamp = 0
  #dictionary: { tags: TagPath[]; kinds: Kind[] } = { tags: [], kinds: [] }
  /** Why `series` or `tag` answered -1. */
  fault = ''

  constructor(keysMax = keysKeptMax) {
    this.#keysMax = keysMax
  }

  /** Begins a batch, between two lines only. */
  beginBatch(): void {
    this.#stamp++
    this.#dictionary = { tags: [], kinds: [] }
    if (this.#keys.count < this.#keysMax && this.#keys.size < keyBytesMax) return
    this.#keys.clear()
    this.#series.clear()
    this.#tagOfKey = []
    this.#tagOfPath.clear()
    this.#paths = []
    this.#stamps.fill(0)
  }

  /** Tags and kinds of the batch. */
  get dictionary(): { readonly tags: TagPath[]; readonly kinds: Kind[] } {
    return this.#dictionary
  }

  /** The number of a series, measurement and tag set, or -1 with a fault. */
  series(bytes: Uint8Array, start: number, end: number, hash: number): number {
    const known = this.#keys.find(bytes, start, end, hash, -1)
    if (known >= 0) return known
    const key = this.#text(bytes, start, end)
    const series = key === undefined ? this.fault : readSeries(key)
    if (typeof series === 'string') return this.#fail(series)
    const number = this.#keys.add(bytes, start, end, hash, -1)
    this.#tagOfKey.push(-1)
    this.#series.set(number, series)
    return number
  }

  /** The number of the tag of a series' field, or -1 with a fault. */
  tag(series: number, bytes: Uint8Array, start: number, end: number, hash: number): number {
    const known = this.#keys.find(bytes, start, end, hash, series)
    if (known >= 0) return this.#tagOfKey[known] as number
    const field = this.#text(bytes, start, end)
    if (field === undefined) return -1
    const path = tagPathOf(this.#series.get(series) as Series, field)
    const fault = tagPathFault(path)
    if (fault !== undefined) return this.#fail(fault)
    const tag = this.#tagOfPath.get(path) ?? this.#addTag(path)
    this.#keys.add(bytes, start, end, hash, series)
    this.#tagOfKey.push(tag)
    return tag
  }

  /** The place of a tag in the batch's dictionary; of each kind that it is sent as. */
  place(tag: number, kind: number): number {
    const at = tag * kinds.length + kind
    if (this.#stamps[at] === this.#stamp) return this.#places[at] as number
    this.#stamps[at] = this.#stamp
    this.#dictionary.kinds.push(kinds[kind] as Kind)
    return (this.#places[at] = this.#dictionary.tags.push(this.#paths[tag] as TagPath) - 1)
  }

  #addTag(path: TagPath): number {
    const tag = this.#paths.push(path) - 1
    this.#tagOfPath.set(path, tag)
    if (this.#paths.length * kinds.length > this.#stamps.length) {
      this.#stamps = grown(this.#stamps)
      this.#places = grown(this.#places)
    }
    return tag
  }

  #text(bytes: Uint8Array, start: number, end: number): string | undefined {
    const part = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start)
    if (isUtf8(part)) return part.toString()
    this.#fail('the name is not UTF-8')
    return undefined
  }

  #fail(fault: string): -1 {
    this.fault = fault
    return -1
  }
}
