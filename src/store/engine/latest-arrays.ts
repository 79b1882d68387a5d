// The newest array of each array tag, kept in memory up to a bound; beyond it, that of the tag silent for longest is read from disk again.
import type { ArrayValue } from '#core/array.ts'
import type { Series } from './series.ts'

const bytesMax = 64 << 20

export class LatestArrays {
  readonly #kept = new Map<Series, ArrayValue>()
  #bytes = 0

  get(series: Series): ArrayValue | undefined {
    return this.#kept.get(series)
  }

  set(series: Series, value: ArrayValue | undefined): void {
    this.#bytes -= this.#kept.get(series)?.data.byteLength ?? 0
    this.#kept.delete(series)
    if (!value) return
    this.#kept.set(series, value)
    this.#bytes += value.data.byteLength
    for (const [oldest, { data }] of this.#kept) {
      if (this.#bytes <= bytesMax) break
      this.#kept.delete(oldest)
      this.#bytes -= data.byteLength
    }
  }
}
