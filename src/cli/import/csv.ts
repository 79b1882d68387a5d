// CSV (RFC 4180 and what is found in the wild) as a pure, streaming parser: lines in, records out, every fault with its line number.

export const separators = [';', '\t', ',', ' '] as const
/** A blank stands for any run of blanks and tabs. */
export type Separator = (typeof separators)[number]

export type CsvRow =
  /** Line numbers count from 1; a record over several lines has the first one's. */
  { readonly line: number; readonly fields: readonly string[] } | { readonly line: number; readonly fault: string }

/** A quoted field may run over so many lines; beyond, the quote is taken for a mistake of its first line alone. */
export const quotedLinesMax = 100

/**
 * Splits one record into its fields, quotes removed.
 * `open`: the text ends inside quotes, so the record goes on in the next line. `malformed`: text follows a closing quote.
 */
export function splitRecord(text: string, separator: Separator): string[] | 'open' | 'malformed' {
  const blanks = separator === ' '
  if (!text.includes('"')) return blanks ? text.trim().split(/[ \t]+/) : text.split(separator)
  const fields: string[] = []
  let at = 0
  for (;;) {
    const start = afterBlanks(text, at, blanks)
    if (blanks && start === text.length) return fields
    let end: number
    if (text[start] === '"') {
      let field = ''
      end = start
      do {
        const close = text.indexOf('"', end + 1)
        if (close < 0) return 'open'
        field += (end > start ? '"' : '') + text.slice(end + 1, close)
        end = close + 1
      } while (text[end] === '"')
      fields.push(field)
      if (!blanks || end === text.length) end = afterBlanks(text, end, false)
      if (end < text.length && text[end] !== separator && !(blanks && text[end] === '\t')) return 'malformed'
    } else {
      end = endOfBareField(text, blanks ? start : at, separator)
      fields.push(text.slice(blanks ? start : at, end))
    }
    if (end >= text.length) return fields
    at = end + 1
  }
}

function afterBlanks(text: string, from: number, tabs: boolean): number {
  const blanks = tabs ? ' \t' : ' '
  let at = from
  while (at < text.length && blanks.includes(text.charAt(at))) at++
  return at
}

function endOfBareField(text: string, from: number, separator: Separator): number {
  const end = text.indexOf(separator, from)
  const tab = separator === ' ' ? text.indexOf('\t', from) : -1
  if (tab >= 0 && (end < 0 || tab < end)) return tab
  return end < 0 ? text.length : end
}

/**
 * The separator of a file, from its first lines: the one that splits them all into the same number of fields, the most fields winning.
 * Blanks count only when nothing else does, since times have them inside.
 */
export function detectSeparator(lines: readonly string[]): Separator {
  const filled = lines.filter((line) => line.trim() !== '')
  let best: { separator: Separator; even: boolean; fields: number } = { separator: ',', even: false, fields: 1 }
  for (const separator of separators) {
    if (separator === ' ' && best.fields > 1) break
    const counts = filled.map((line) => splitRecord(line, separator)).map((fields) => (typeof fields === 'string' ? 0 : fields.length))
    const fields = counts[0] ?? 1
    const even = counts.every((count) => count === fields)
    if (fields > 1 && (even === best.even ? fields > best.fields : even)) best = { separator, even, fields }
  }
  return best.separator
}

/** Turns lines into records: joins those that a quoted field spans, drops empty ones, keeps count of the lines. */
export class RecordReader {
  #separator: Separator
  #line = 0
  /** Lines of the record that is not finished yet. */
  #open: string[] = []

  constructor(separator: Separator) {
    this.#separator = separator
  }

  /** Takes the next line (without its line end; undefined for one too long to hold) and returns the records that it completes. */
  push(line: string | undefined): CsvRow[] {
    if (line === undefined) {
      const rows = this.end()
      rows.push({ line: ++this.#line, fault: 'the line is too long to be a row' })
      return rows
    }
    this.#line++
    if (this.#open.length === 0) {
      if (line.trim() === '') return []
      const fields = splitRecord(line, this.#separator)
      if (fields !== 'open') return [this.#rowOf(fields, this.#line)]
      this.#open.push(line)
      return []
    }
    this.#open.push(line)
    const fields = splitRecord(this.#open.join('\n'), this.#separator)
    if (fields !== 'open') {
      const row = this.#rowOf(fields, this.#line - this.#open.length + 1)
      this.#open = []
      return [row]
    }
    return this.#open.length < quotedLinesMax ? [] : this.#giveUpQuote()
  }

  /** Ends the input: what is still open is a fault. */
  end(): CsvRow[] {
    const rows: CsvRow[] = []
    while (this.#open.length > 0) rows.push(...this.#giveUpQuote())
    return rows
  }

  /** Blames the first open line alone and reads the others afresh. */
  #giveUpQuote(): CsvRow[] {
    const [, ...others] = this.#open
    this.#open = []
    this.#line -= others.length
    const rows: CsvRow[] = [{ line: this.#line, fault: 'a quote (") is opened and never closed' }]
    for (const line of others) rows.push(...this.push(line))
    return rows
  }

  #rowOf(fields: string[] | 'malformed', line: number): CsvRow {
    return fields === 'malformed' ? { line, fault: 'text follows a closing quote (")' } : { line, fields }
  }
}
