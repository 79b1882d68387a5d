// What is sealed around the time of a row that comes late: the chunk it falls in, kept decoded because late rows come in groups.
import { messageOf } from '#core/errors.ts'
import type { Micros } from '#core/time.ts'
import { noRows, type Rows } from '#store/chunk/rows.ts'
import type { Damage } from '#store/engine/damage.ts'
import type { Chunk, SealedLookup } from '#store/engine/shelf.ts'
import type { SqliteReader } from './sqlite-reader.ts'

export class Lookup implements SealedLookup {
  readonly #shelf: SqliteReader
  readonly #damage: Damage
  readonly #rowsMax: number
  readonly #kept = new Map<string, Rows>()
  #keptRows = 0

  /** `rowsMax` bounds the decoded rows that are kept. */
  constructor(shelf: SqliteReader, damage: Damage, rowsMax: number) {
    this.#shelf = shelf
    this.#damage = damage
    this.#rowsMax = rowsMax
  }

  around(tag: number, time: Micros): { rows: Rows; until: Micros } {
    let chunk: Chunk | undefined
    try {
      ;[chunk] = this.#shelf.chunks(tag, time, Infinity, 1)
    } catch (error) {
      this.#damage(`the index of tag ${tag}`, messageOf(error))
    }
    if (!chunk || chunk.start > time) return { rows: noRows, until: chunk?.start ?? Infinity }
    return { rows: this.#rows(chunk), until: chunk.end + 1 }
  }

  arrayAt(tag: number, time: Micros) {
    return this.#shelf.arrayAt(tag, time)
  }

  /** Call when the shelf has changed. */
  forget(): void {
    this.#kept.clear()
    this.#keptRows = 0
  }

  #rows(chunk: Chunk): Rows {
    // Where a chunk was written anew in the very same place, what is new of it is still in memory, and asked first.
    const key = `${chunk.tag} ${chunk.start} ${chunk.end} ${chunk.count} ${chunk.data}`
    const kept = this.#kept.get(key)
    if (kept) return kept
    const rows = this.#shelf.rows([chunk])[0] ?? noRows
    this.#kept.set(key, rows)
    this.#keptRows += rows.count
    for (const [oldest, { count }] of this.#kept) {
      if (this.#keptRows <= this.#rowsMax) break
      this.#kept.delete(oldest)
      this.#keptRows -= count
    }
    return rows
  }
}
