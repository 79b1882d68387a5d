// What a report is made of: blocks of rows as columns, which the formats write one after another.
import type { ArrayValue } from '#core/array.ts'

/** A column's name and what it holds; `time` and `count` are never absent, the others may be, row by row. */
export interface ColumnHead {
  readonly name: string
  readonly type: Column['type']
}

export type Column =
  | {
      readonly name: string
      /** Microseconds since 1970; numbers, NaN where there is none; 0 or 1 for booleans. */
      readonly type: 'time' | 'number' | 'count' | 'boolean'
      readonly values: Float64Array
    }
  | {
      readonly name: string
      readonly type: 'text'
      /** Indices into `texts`; where there is no such text, there is no value. */
      readonly values: Float64Array | Uint8Array
      readonly texts: readonly string[]
    }
  | { readonly name: string; readonly type: 'array'; readonly values: readonly (ArrayValue | undefined)[] }

/** Rows of a report; the columns have one length. */
export interface Block {
  readonly count: number
  readonly columns: readonly Column[]
}

/** A text column with the same text in every row, or without any. */
export function sameText(name: string, count: number, text: string | undefined): Column {
  return { name, type: 'text', values: new Uint8Array(count), texts: text === undefined ? [] : [text] }
}
