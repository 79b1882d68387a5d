// Remembers which tag each field of each series is, by the very bytes that lines repeat.
import { isUtf8 } from 'node:buffer'
import { tagPathFault, type TagPath } from '#core/path.ts'
import { ByteKeys } from './byte-keys.ts'
import { readSeries, tagPathOf, type Series } from './tag-names.ts'

/** Most keys, and bytes of keys, that are remembered; then it begins anew. */
const keysKeptMax = 1 << 18
const keyBytesMax = 32 << 20

export class TagCache {
  readonly #keysMax: number
  readonly #keys = new ByteKeys()
  #body: Buffer = Buffer.alloc(0)
  /** Per key of a series. */
  readonly #series = new Map<number, Series>()
  /** Per key: the number of the field's tag, -1 for a series. */
  #tagOfKey: number[] = []
  readonly #tagOfPath = new Map<TagPath, number>()
  #paths: TagPath[] = []
  /** Why `series` or `field` answered -1. */
  fault = ''

  constructor(keysMax = keysKeptMax) {
    this.#keysMax = keysMax
  }

  /** By the numbers of the tags. */
  get paths(): readonly TagPath[] {
    return this.#paths
  }

  /** Says which body is read from now on, between two lines only. Returns whether tags are numbered anew. */
  use(body: Buffer): boolean {
    this.#body = body
    this.#keys.use(body)
    if (this.#keys.count < this.#keysMax && this.#keys.size < keyBytesMax) return false
    this.#keys.clear()
    this.#series.clear()
    this.#tagOfKey = []
    this.#tagOfPath.clear()
    this.#paths = []
    return true
  }

  /** The series, or the field of a series, that is expected at `start` and is there, with `terminator` behind it; else -1. */
  expected(start: number, series: number, terminator: number): number {
    return this.#keys.expected(start, series, terminator)
  }

  /** Where a series or field ends that begins at `start`. */
  endOf(key: number, start: number): number {
    return this.#keys.endOf(key, start)
  }

  /** A series, measurement and tag set, or -1 with a fault. */
  series(start: number, end: number): number {
    const known = this.#keys.find(start, end, noSeries)
    if (known >= 0) return known
    const text = this.#text(start, end)
    const series = text === undefined ? this.fault : readSeries(text)
    if (typeof series === 'string') return this.#fail(series)
    const key = this.#keys.add(start, end, noSeries)
    this.#tagOfKey.push(-1)
    this.#series.set(key, series)
    return key
  }

  /** A field of a series, or -1 with a fault. */
  field(series: number, start: number, end: number): number {
    const known = this.#keys.find(start, end, series)
    if (known >= 0) return known
    const field = this.#text(start, end)
    if (field === undefined) return -1
    const path = tagPathOf(this.#series.get(series) as Series, field)
    const fault = tagPathFault(path)
    if (fault !== undefined) return this.#fail(fault)
    const tag = this.#tagOfPath.get(path) ?? this.#paths.push(path) - 1
    this.#tagOfPath.set(path, tag)
    this.#tagOfKey.push(tag)
    return this.#keys.add(start, end, series)
  }

  /** The number of a field's tag; two fields that are the same tag have the same. */
  tagOf(field: number): number {
    return this.#tagOfKey[field] as number
  }

  #text(start: number, end: number): string | undefined {
    if (isUtf8(this.#body.subarray(start, end))) return this.#body.toString('utf8', start, end)
    this.#fail('the name is not UTF-8')
    return undefined
  }

  #fail(fault: string): -1 {
    this.fault = fault
    return -1
  }
}

/** What owns the series themselves. */
export const noSeries = -1
