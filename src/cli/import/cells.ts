// Cells of a table as values.

const missing = new Set(['', '-', '?', 'na', 'n/a', 'nan', '#n/a', 'null', 'none', 'nil'])
const numberPattern = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i

/** Whether a cell says "no value": a gap, never a sample. */
export function isMissing(cell: string): boolean {
  return missing.has(cell.trim().toLowerCase())
}

/** A finite number, or undefined. Thousands are not guessed at: with a decimal comma, a cell with a point is no number. */
export function readNumber(cell: string, decimal: '.' | ','): number | undefined {
  const text = cell.trim()
  if (decimal === ',' && text.includes('.')) return undefined
  const pointed = decimal === ',' ? text.replace(',', '.') : text
  if (!numberPattern.test(pointed)) return undefined
  const number = Number(pointed)
  return Number.isFinite(number) ? number : undefined
}

export function readBoolean(cell: string): boolean | undefined {
  const text = cell.trim().toLowerCase()
  return text === 'true' ? true : text === 'false' ? false : undefined
}
