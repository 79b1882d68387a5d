// Numbers the tags that a batch uses. Batches with the same tags get the very same lists, by which a store knows them again.
import type { Batch } from '#core/batch.ts'
import type { TagPath } from '#core/path.ts'
import { kinds, type Kind } from '#core/tag.ts'
import { grown } from './byte-keys.ts'

/** Most lists that are kept; then it begins anew. */
const listsMax = 64

interface Lists extends Pick<Batch, 'tags' | 'kinds'> {
  readonly slots: Uint32Array
}

export class BatchDictionary {
  /** A slot stands for a tag and a kind. Per slot: its place in the order of first use, valid where the stamp is the batch's. */
  #places = new Uint32Array(1 << 10)
  #stamps = new Uint32Array(1 << 10)
  #stamp = 0
  #used: number[] = []
  /** By the hash of their slots. */
  readonly #lists = new Map<number, Lists>()

  begin(): void {
    this.#stamp++
    this.#used = []
  }

  /** A number for a tag and a kind, until the batch ends. */
  place(tag: number, kind: number): number {
    const slot = tag * kinds.length + kind
    if (this.#stamps[slot] === this.#stamp) return this.#places[slot] as number
    while (slot >= this.#stamps.length) {
      this.#stamps = grown(this.#stamps)
      this.#places = grown(this.#places)
    }
    this.#stamps[slot] = this.#stamp
    return (this.#places[slot] = this.#used.push(slot) - 1)
  }

  /** Ends the batch and turns the numbers in its column into indices of the lists, which it returns. */
  end(column: Uint32Array, paths: readonly TagPath[]): Lists {
    const slots = Uint32Array.from(this.#used).toSorted()
    const indices = new Uint32Array(slots.length)
    let hash = 0
    for (let index = 0; index < slots.length; index++) {
      indices[this.#places[slots[index] as number] as number] = index
      hash = Math.imul(hash ^ (slots[index] as number), 0x01000193)
    }
    for (let row = 0; row < column.length; row++) column[row] = indices[column[row] as number] as number
    const kept = this.#lists.get(hash)
    if (kept?.slots.length === slots.length && kept.slots.every((slot, index) => slot === slots[index])) return kept
    if (this.#lists.size >= listsMax) this.#lists.clear()
    const tags = Array.from(slots, (slot) => paths[Math.floor(slot / kinds.length)] as TagPath)
    const lists = { slots, tags, kinds: Array.from(slots, (slot) => kinds[slot % kinds.length] as Kind) }
    this.#lists.set(hash, lists)
    return lists
  }

  /** Tags are numbered anew. */
  clear(): void {
    this.#lists.clear()
  }
}
