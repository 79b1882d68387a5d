// Reports as JSON lines: an object per row, its keys the names of the columns.
import type { Block } from './table.ts'
import { textRows, type Dialect } from './text-rows.ts'

const dialect: Dialect = {
  lead: (name, index) => `${index > 0 ? ',' : '{'}${JSON.stringify(name)}:`,
  lineEnd: '}\n',
  text: (text) => JSON.stringify(text),
  timeQuote: '"',
  none: 'null',
  arrayBegin: (shape) => `{"shape":[${shape.join()}],"data":[`,
  arrayEnd: ']}',
}

export async function* jsonl(blocks: AsyncIterable<Block>): AsyncGenerator<Uint8Array> {
  for await (const block of blocks) yield* textRows(block, dialect)
}
