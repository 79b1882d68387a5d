// Reports as Apache Parquet: rows are gathered into groups, which a thread of their own encodes, since that takes long for an event loop.
import { Worker } from 'node:worker_threads'
import type { ArrayValue } from '#core/array.ts'
import type { Block, Column, ColumnHead } from './table.ts'

/** A group is closed with the block that reaches one of these: rows, or characters and array elements. */
const groupRows = 64 * 1024
const groupWeight = 1 << 20
/** Enough for the largest group; without it, garbage takes three times as much. */
const resourceLimits = { maxOldGenerationSizeMb: 320, maxYoungGenerationSizeMb: 16 }

/** What the thread is asked for: the bytes of a group of rows, or those of the file's end. */
export type ParquetTask = Block | 'end'

/** A whole file; where the blocks lack a column of `heads`, it has no values there. */
export async function* parquet(heads: readonly ColumnHead[], blocks: AsyncIterable<Block>): AsyncGenerator<Uint8Array> {
  const worker = new Worker(new URL('./parquet.worker.ts', import.meta.url), { workerData: heads, resourceLimits })
  const failed = new Promise<never>((_, reject) => worker.once('error', reject))
  failed.catch(() => {})
  const encoded = (task: ParquetTask) => {
    worker.postMessage(task, task === 'end' ? [] : task.columns.flatMap(buffersOf))
    return Promise.race([failed, new Promise<Uint8Array>((resolve) => worker.once('message', resolve))])
  }
  try {
    let group: Block[] = []
    const sum = (of: (block: Block) => number) => group.reduce((sum, block) => sum + of(block), 0)
    for await (const block of blocks) {
      group.push(block)
      if (sum(({ count }) => count) < groupRows && sum(weightOf) < groupWeight) continue
      yield await encoded(joined(heads, group))
      group = []
    }
    if (group.length > 0) yield await encoded(joined(heads, group))
    yield await encoded('end')
  } finally {
    await worker.terminate()
  }
}

/** What is handed over rather than copied. */
const buffersOf = (column: Column) => (column.type === 'array' ? [] : [column.values.buffer as ArrayBuffer])

function weightOf({ columns }: Block): number {
  let weight = 0
  for (const column of columns) {
    if (column.type === 'text') for (const text of column.texts) weight += text.length
    if (column.type === 'array') for (const array of column.values) weight += array?.data.length ?? 0
  }
  return weight
}

/** The blocks one after another, with all columns. */
function joined(heads: readonly ColumnHead[], blocks: readonly Block[]): Block {
  const count = blocks.reduce((sum, block) => sum + block.count, 0)
  return { count, columns: heads.map((head) => joinedColumn(head, blocks, count)) }
}

function joinedColumn({ name, type }: ColumnHead, blocks: readonly Block[], count: number): Column {
  const values = new Float64Array(count).fill(Number.NaN)
  const texts: string[] = []
  const arrays: (ArrayValue | undefined)[] = Array.from({ length: type === 'array' ? count : 0 })
  let at = 0
  for (const block of blocks) {
    const column = block.columns.find((column) => column.name === name)
    if (column?.type === 'array') column.values.forEach((array, row) => (arrays[at + row] = array))
    else if (column?.type === 'text') {
      for (let row = 0; row < block.count; row++) values[at + row] = (column.values[row] as number) + texts.length
      for (const text of column.texts) texts.push(text)
    } else if (column) values.set(column.values, at)
    at += block.count
  }
  if (type === 'array') return { name, type, values: arrays }
  return type === 'text' ? { name, type, values, texts } : { name, type, values }
}
