// Number literals of PromQL.
import type { Cursor } from './cursor.ts'

const named = new Map([
  ['inf', Infinity],
  ['nan', Number.NaN],
])

/** Takes a number if one comes next: 1.5, 1e3, 0x1f, 017 (octal, as Go reads it), Inf or NaN. */
export function parseNumber(cursor: Cursor): number | undefined {
  const { kind, text } = cursor.peek()
  const value = kind === 'number' ? numberOf(text) : kind === 'word' ? named.get(text.toLowerCase()) : undefined
  if (value !== undefined) cursor.next()
  return value
}

const numberOf = (text: string) => (/^0[0-7]+$/.test(text) ? Number.parseInt(text, 8) : Number(text))
