// Telemetry on disk as batches of columns, so that reading it costs next to nothing while something is measured.
// A batch: 10,000 × u32 tag, float64 time, float64 value, u8 quality.
import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import type { Batch } from '#core/batch.ts'
import type { Micros } from '#core/time.ts'

export const rowsPerBatch = 10_000
const batchBytes = rowsPerBatch * 21
const tagsPerMachine = 25

/** What was written to a file, and what anybody who loaded it must find. */
export interface Telemetry {
  readonly file: string
  readonly tags: number
  readonly batches: number
  readonly rows: number
  /** Rows without repetitions: one per tag and second. */
  readonly unique: number
  /** Sum of the values of all unique rows, in thousandths. */
  readonly sumThousandths: bigint
  /** Whole seconds; all times lie in from ≤ time < to. */
  readonly from: Micros
  readonly to: Micros
  /** Per tag. */
  readonly newestTime: Float64Array
  readonly newestValue: Float64Array
}

export const machineName = (tag: number) => `m${String(Math.floor(tag / tagsPerMachine)).padStart(3, '0')}`
/** The tags of each machine. */
export const machineTags = (tags: number) =>
  Array.from({ length: Math.ceil(tags / tagsPerMachine) }, (_, machine) =>
    Array.from({ length: Math.min(tagsPerMachine, tags - machine * tagsPerMachine) }, (_, tag) => machine * tagsPerMachine + tag),
  )
export const tagName = (tag: number) => `t${String(tag).padStart(3, '0')}`
export const tagPath = (tag: number) => `bench/line-1/${machineName(tag)}/${tagName(tag)}`

/** Batches of a file one by one, each in memory of its own. A batch names the tags that it holds; when there are few, all. */
export function* readBatches(
  { file, tags, batches }: Pick<Telemetry, 'file' | 'tags' | 'batches'>,
  first = 0,
): Generator<Batch, undefined> {
  const names = Array.from({ length: tags }, (_, tag) => tagPath(tag))
  const kinds = names.map(() => 'number' as const)
  const fd = openSync(file, 'r')
  try {
    for (let batch = first; batch < batches; batch++) {
      const memory = new ArrayBuffer(batchBytes)
      readSync(fd, new Uint8Array(memory), 0, batchBytes, batch * batchBytes)
      const rows = { ...columnsOf(memory), count: rowsPerBatch, texts: [], arrays: [] }
      yield tags <= rowsPerBatch ? { tags: names, kinds, ...rows } : withOwnTags(names, rows)
    }
  } finally {
    closeSync(fd)
  }
}

function withOwnTags(names: readonly string[], rows: Omit<Batch, 'tags' | 'kinds'>): Batch {
  const indexes = new Map<number, number>()
  const tag = rows.tag.map((tag) => {
    const known = indexes.get(tag)
    if (known !== undefined) return known
    indexes.set(tag, indexes.size)
    return indexes.size - 1
  })
  const tags = Array.from(indexes.keys(), (tag) => names[tag] as string)
  return { ...rows, tags, kinds: tags.map(() => 'number' as const), tag }
}

const columnsOf = (memory: ArrayBuffer) => ({
  tag: new Uint32Array(memory, 0, rowsPerBatch),
  time: new Float64Array(memory, rowsPerBatch * 4, rowsPerBatch),
  value: new Float64Array(memory, rowsPerBatch * 12, rowsPerBatch),
  quality: new Uint8Array(memory, rowsPerBatch * 20, rowsPerBatch),
})

export interface Row {
  readonly tag: number
  readonly time: Micros
  readonly value: number
  readonly quality: number
}

/** Writes such a file row by row. */
export class BatchWriter {
  readonly #fd: number
  readonly #memory = new ArrayBuffer(batchBytes)
  readonly #columns = columnsOf(this.#memory)
  #rows = 0
  #batches = 0

  constructor(file: string) {
    this.#fd = openSync(file, 'w')
  }

  add = ({ tag, time, value, quality }: Row): void => {
    const row = this.#rows++
    this.#columns.tag[row] = tag
    this.#columns.time[row] = time
    this.#columns.value[row] = value
    this.#columns.quality[row] = quality
    if (this.#rows === rowsPerBatch) this.#flush()
  }

  /** Fills the last batch with repetitions of its last row, and returns how many batches there are. */
  close(): number {
    if (this.#rows > 0) {
      const { tag, time, value, quality } = this.#columns
      for (const column of [tag, time, value, quality]) column.fill(column[this.#rows - 1] as number, this.#rows)
      this.#flush()
    }
    closeSync(this.#fd)
    return this.#batches
  }

  #flush(): void {
    writeSync(this.#fd, new Uint8Array(this.#memory))
    this.#rows = 0
    this.#batches++
  }
}
