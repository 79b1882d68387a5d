// Walks through the words of a query for those who read it.
import { refusal } from './failure.ts'
import type { Token } from './lexer.ts'

export class Cursor {
  readonly #tokens: readonly Token[]
  #index = 0

  /** The tokens end with `end`. */
  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  /** The next token, or one further on. */
  peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#index + ahead, this.#tokens.length - 1)] as Token
  }

  next(): Token {
    const token = this.peek()
    this.#index++
    return token
  }

  is(kind: Token['kind'], text: string, ahead = 0): boolean {
    const token = this.peek(ahead)
    return token.kind === kind && token.text === text
  }

  /** Takes the sign if it comes next. */
  sign(text: string): boolean {
    if (!this.is('sign', text)) return false
    this.#index++
    return true
  }

  /** Takes one of these keywords, in whatever case, if it comes next. */
  keyword<Word extends string>(...words: readonly Word[]): Word | undefined {
    const { kind, text } = this.peek()
    const word = words.find((word) => kind === 'word' && word === text.toLowerCase())
    if (word !== undefined) this.#index++
    return word
  }

  /** Takes the sign or refuses what stands there. */
  need(text: string, where: string): Token {
    if (!this.is('sign', text)) throw this.unexpected(`"${text}"`, where)
    return this.next()
  }

  /** `where` is left out for the query as a whole. */
  unexpected(expected: string, where?: string) {
    const { kind, text, at } = this.peek()
    const found = kind === 'end' ? 'the query ends' : kind === 'string' ? 'there is a text' : `there is "${text}"`
    return refusal(`${found}${where === undefined ? '' : ` in ${where}`} where ${expected} should be`, at)
  }
}
