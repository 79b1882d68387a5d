// Samples as text for a terminal.
import type { SampleJson } from '#api/schema.ts'

/** A value with its unit; arrays by their shape; nothing for "no value". */
export function valueText(value: SampleJson['value'], unit: string | null = null): string {
  if (value === null) return '–'
  if (typeof value === 'object') return `[${value.shape.join('×')}]`
  return typeof value === 'number' && unit !== null ? `${value} ${unit}` : String(value)
}
