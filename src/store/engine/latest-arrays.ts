// The newest array of each array tag, kept in memory up to a bound; beyond it, that of the tag silent for longest is read from disk again.
import type { ArrayValue } from '#core/array.ts'

export const latestArrayBytesMax = 64 << 20

export class LatestArrays<Tag> {
  readonly #kept = new Map<Tag, ArrayValue>()
  #bytes = 0

  get(tag: Tag): ArrayValue | undefined {
    return this.#kept.get(tag)
  }

  set(tag: Tag, value: ArrayValue | undefined): void {
    this.#bytes -= this.#kept.get(tag)?.data.byteLength ?? 0
    this.#kept.delete(tag)
    if (!value) return
    this.#kept.set(tag, value)
    this.#bytes += value.data.byteLength
    for (const [oldest, { data }] of this.#kept) {
      if (this.#bytes <= latestArrayBytesMax) break
      this.#kept.delete(oldest)
      this.#bytes -= data.byteLength
    }
  }
}
