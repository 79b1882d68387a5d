// Samples as a table in long form, tag by tag and page by page, however many there are.
import type { ArrayValue } from '#core/array.ts'
import type { TagEntry } from '#core/directory.ts'
import { qualityName } from '#core/quality.ts'
import type { SampleColumns, Store } from '#core/store.ts'
import type { Kind } from '#core/tag.ts'
import type { Micros } from '#core/time.ts'
import { sameText, type Block, type Column, type ColumnHead } from '#reports/table.ts'

export interface Table {
  readonly heads: readonly ColumnHead[]
  readonly blocks: AsyncGenerator<Block>
}

/** from ≤ time < to. */
export interface Range {
  readonly from: Micros
  readonly to: Micros
}

/** Rows of a page by kind: of numbers so many that asking costs little; a text may have 16 384 characters, an array is fetched by itself. */
const pageRows: Record<Kind, number> = { number: 131_072, boolean: 131_072, text: 512, array: 256 }
/** A block of arrays ends with the array that reaches so many elements. */
const blockElements = 1 << 16

const qualityTexts = Array.from({ length: 256 }, (_, quality) => qualityName(quality))

/**
 * The columns tag, time, value, quality; unit where a tag has one, kind where not all are numbers. With `byKind`, for formats in which a column
 * holds one type, values of several kinds have a column each, named as the kind.
 */
export function sampleTable(store: Store, tags: readonly TagEntry[], range: Range, byKind: boolean): Table {
  const kinds = new Set<Kind>(tags.length > 0 ? tags.map(({ kind }) => kind) : ['number'])
  const valueName = (kind: Kind) => (byKind && kinds.size > 1 ? kind : 'value')
  const values = [...kinds].map((kind): ColumnHead => ({ name: valueName(kind), type: kind }))
  const withUnit = tags.some(({ definition }) => definition?.unit !== undefined)
  const withKind = [...kinds].some((kind) => kind !== 'number')
  const heads: ColumnHead[] = [
    { name: 'tag', type: 'text' },
    { name: 'time', type: 'time' },
    ...(byKind ? values : values.slice(0, 1)),
    { name: 'quality', type: 'text' },
    ...(withUnit ? [{ name: 'unit', type: 'text' } as const] : []),
    ...(withKind ? [{ name: 'kind', type: 'text' } as const] : []),
  ]
  async function* blocks(): AsyncGenerator<Block> {
    for (const tag of tags)
      for await (const { time, quality, value } of rowsOf(store, tag, range, valueName(tag.kind))) {
        const count = time.length
        const columns: Column[] = [
          sameText('tag', count, tag.path),
          { name: 'time', type: 'time', values: time },
          value,
          { name: 'quality', type: 'text', values: quality, texts: qualityTexts },
        ]
        if (withUnit) columns.push(sameText('unit', count, tag.definition?.unit))
        if (withKind) columns.push(sameText('kind', count, tag.kind))
        yield { count, columns }
      }
  }
  return { heads, blocks: blocks() }
}

type Rows = Pick<SampleColumns, 'time' | 'quality'> & { readonly value: Column }

async function* rowsOf(store: Store, tag: TagEntry, range: Range, name: string): AsyncGenerator<Rows> {
  for await (const page of pagesOf(store, tag, range)) {
    const { time, quality, value: values, texts } = page
    if (tag.kind === 'array') yield* withArrays(store, tag, page, name)
    else if (tag.kind === 'text') yield { time, quality, value: { name, type: 'text', values, texts } }
    else yield { time, quality, value: { name, type: tag.kind, values } }
  }
}

async function* pagesOf(store: Store, { path, kind }: TagEntry, { from, to }: Range): AsyncGenerator<SampleColumns> {
  for (let cursor = from; cursor < to; ) {
    const page = await store.read(path, cursor, to, pageRows[kind])
    const last = page.time.at(-1)
    if (last === undefined) return
    yield page
    cursor = page.time.length < pageRows[kind] ? to : last + 1
  }
}

async function* withArrays(store: Store, { path }: TagEntry, { time, quality }: SampleColumns, name: string): AsyncGenerator<Rows> {
  let values: (ArrayValue | undefined)[] = []
  let elements = 0
  for (let row = 0; row < time.length; row++) {
    const frame = await store.arrayAt(path, time[row] as number)
    const array = frame?.time === time[row] ? frame : undefined
    values.push(array && { shape: array.shape, data: array.data })
    elements += array?.data.length ?? 0
    const end = row + 1
    if (elements < blockElements && end < time.length) continue
    const start = end - values.length
    yield { time: time.subarray(start, end), quality: quality.subarray(start, end), value: { name, type: 'array', values } }
    values = []
    elements = 0
  }
}
