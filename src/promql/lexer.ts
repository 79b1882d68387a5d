// The words of a PromQL query. Numbers, durations and strings are told apart here, keywords only by who reads them: `sum` may be a metric.
import { Rejected } from '#core/errors.ts'
import { refusal } from './failure.ts'

export interface Token {
  readonly kind: 'word' | 'number' | 'duration' | 'string' | 'sign' | 'end'
  /** As written; for a string what it stands for. */
  readonly text: string
  /** Offset in the query. */
  readonly at: number
}

/** Longest query, in characters. */
export const queryLengthMax = 100_000

const blank = /(?:[ \t\r\n]|#[^\n]*)+/y
const word = /[a-zA-Z_:][a-zA-Z0-9_:]*/y
const duration = /(?:\d+(?:ms|[smhdwy]))+(?![a-zA-Z0-9_.])/y
const number = /(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?![a-zA-Z0-9_.])/y
const sign = /=~|!~|==|!=|<=|>=|[-+*/%^=<>(){}[\],@]/y
const quoted = /"(?:[^"\\\n]|\\[^\n])*"|'(?:[^'\\\n]|\\[^\n])*'|`[^`]*`/y

/** Splits a query; the last token is always `end`. */
export function tokensOf(query: string): Token[] {
  if (query.length > queryLengthMax) throw new Rejected(`the query is longer than ${queryLengthMax} characters; shorten it`)
  const tokens: Token[] = []
  let at = 0
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    return pattern.exec(query)?.[0]
  }
  const add = (kind: Token['kind'], text: string, length = text.length) => {
    tokens.push({ kind, text, at })
    at += length
  }
  for (;;) {
    at += take(blank)?.length ?? 0
    if (at >= query.length) break
    const text = take(quoted)
    if (text !== undefined) add('string', unquote(text, at), text.length)
    // After a duration, as in [1h:1m], a colon begins no name.
    else if (query[at] === ':' && tokens.at(-1)?.kind === 'duration') add('sign', ':')
    else addPlain(add, take, query, at)
  }
  add('end', '')
  return tokens
}

function addPlain(
  add: (kind: Token['kind'], text: string) => void,
  take: (pattern: RegExp) => string | undefined,
  query: string,
  at: number,
) {
  const patterns = { word, duration, number, sign } as const
  for (const [kind, pattern] of Object.entries(patterns)) {
    const text = take(pattern)
    if (text !== undefined) return add(kind as keyof typeof patterns, text)
  }
  const character = String.fromCodePoint(query.codePointAt(at) as number)
  if (/[0-9.]/.test(character)) throw refusal('this is neither a number such as 1.5 nor a duration such as 5m', at)
  if (/["'`]/.test(character)) throw refusal('a text begins here and is not ended', at)
  throw refusal(`unexpected "${character}"`, at)
}

const escapes: Record<string, string> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', '\\': '\\' }
const escape = /\\(?:([0-7]{3})|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))/gsu

/** What a string literal stands for: Go's escapes within " and ', none within `. */
function unquote(literal: string, at: number): string {
  const quote = literal[0] as string
  const inner = literal.slice(1, -1)
  if (quote === '`') return inner
  return inner.replaceAll(escape, (whole, octal?: string, x?: string, u?: string, U?: string, plain?: string, offset?: number) => {
    const simple = plain === quote ? quote : escapes[plain ?? '']
    if (simple !== undefined) return simple
    const code = octal === undefined ? Number.parseInt(x ?? u ?? U ?? '', 16) : Number.parseInt(octal, 8)
    if (!(code <= 0x10_ff_ff)) throw refusal(`"${whole}" is no escape in a text; write \\\\ for a backslash`, at + 1 + (offset as number))
    return String.fromCodePoint(code)
  })
}
