// Reads one value of line protocol: a float, an integer (123i, 123u), a boolean or a text in quotation marks.
import { isUtf8 } from 'node:buffer'
import { kindCode } from '#core/batch.ts'
import { isDelimiter, isDigit } from './bytes.ts'

const newline = 0x0a
const space = 0x20
const quote = 0x22
const plus = 0x2b
const minus = 0x2d
const point = 0x2e
const zero = 0x30
const backslash = 0x5c
const letterE = 0x65
const letterI = 0x69
const letterU = 0x75

/** Whole numbers up to here are exact. */
const integerMax = 2 ** 53
/** With so many digits, mantissa and power of ten are exact, so that one division rounds as it should. */
const exactDigitsMax = 15
const powersOfTen = Float64Array.from({ length: exactDigitsMax + 1 }, (_, power) => 10 ** power)

const [number, boolean, text] = [kindCode('number'), kindCode('boolean'), kindCode('text')]
const booleans = new Map<string, number>([
  ...['t', 'T', 'true', 'True', 'TRUE'].map((word) => [word, 1] as const),
  ...['f', 'F', 'false', 'False', 'FALSE'].map((word) => [word, 0] as const),
])

/** Faults; `%` stands for the field's name. */
const unreadable = 'the value of field % is none; write a number, 1i, true or false, or "text" in quotation marks'
const beyond = `the integer of field % would lose digits: counters are exact up to ${integerMax}; send it as a float where that does not matter`
const endless = 'the text of field % has no end; close it with a quotation mark, and write \\" for one within'
const unescaped = 'the text of field % ends too early; write \\" for a quotation mark within'
const foreign = 'the text of field % is not UTF-8'

export class ValueReader {
  body: Buffer = Buffer.alloc(0)
  /** Texts read so far; the value of a text is its index. */
  texts: string[] = []
  /** Line breaks within texts. */
  breaks = 0
  /** What was read: its kind, and the value in an array of one, so that no number is made an object. */
  kind = number
  readonly value = new Float64Array(1)
  /** Why nothing was read. */
  fault: string | undefined

  /** Reads what begins at `at` and returns where it ends. */
  read(at: number): number {
    this.fault = undefined
    const byte = at < this.body.length ? (this.body[at] as number) : space
    const end = isDigit(byte) || byte === minus || byte === point ? this.#number(at) : byte === quote ? this.#text(at) : this.#boolean(at)
    if (end < this.body.length && !isDelimiter(this.body[end] as number)) this.fault ??= unreadable
    return end
  }

  #number(from: number): number {
    const { body } = this
    const end = body.length
    const isNegative = body[from] === minus
    const digitsFrom = isNegative ? from + 1 : from
    let at = digitsFrom
    let mantissa = 0
    for (; at < end && isDigit(body[at] as number); at++) mantissa = mantissa * 10 + ((body[at] as number) - zero)
    let digits = at - digitsFrom
    const next = at < end ? (body[at] as number) : space
    if (digits > 0 && (next === letterI || next === letterU)) return this.#integer(at, mantissa, isNegative)
    let decimals = 0
    if (next === point) {
      for (at++; at < end && isDigit(body[at] as number); at++) mantissa = mantissa * 10 + ((body[at] as number) - zero)
      decimals = at - digitsFrom - digits - 1
      digits += decimals
    }
    this.kind = number
    if (digits === 0) this.fault = unreadable
    else if (at < end && ((body[at] as number) | 0x20) === letterE) at = this.#withExponent(from, at)
    else if (digits > exactDigitsMax) this.value[0] = Number(body.toString('latin1', from, at))
    else {
      const size = mantissa / (powersOfTen[decimals] as number)
      this.value[0] = isNegative ? -size : size
    }
    return at
  }

  #withExponent(from: number, letterAt: number): number {
    const { body } = this
    const sign = body[letterAt + 1]
    const digitsFrom = sign === minus || sign === plus ? letterAt + 2 : letterAt + 1
    let at = digitsFrom
    while (at < body.length && isDigit(body[at] as number)) at++
    if (at === digitsFrom) this.fault = unreadable
    this.value[0] = Number(body.toString('latin1', from, at))
    return at
  }

  /** `at` is where the digits end. */
  #integer(at: number, size: number, isNegative: boolean): number {
    if (isNegative && this.body[at] === letterU) this.fault = unreadable
    // Digits that say 2^53 + 1 add up to 2^53 as well, but do not end in 2.
    else if (size > integerMax || (size === integerMax && this.body[at - 1] !== zero + 2)) this.fault = beyond
    this.kind = number
    this.value[0] = isNegative && size > 0 ? -size : size
    return at + 1
  }

  #boolean(from: number): number {
    let at = from
    while (at < this.body.length && !isDelimiter(this.body[at] as number)) at++
    const value = at - from <= 'false'.length ? booleans.get(this.body.toString('latin1', from, at)) : undefined
    if (value === undefined) this.fault = unreadable
    this.kind = boolean
    this.value[0] = value ?? 0
    return at
  }

  #text(from: number): number {
    const { body } = this
    const end = body.length
    let at = from + 1
    let breaks = 0
    let isEscaped = false
    for (; at < end && body[at] !== quote; at++) {
      if (body[at] === newline) breaks++
      if (body[at] !== backslash) continue
      isEscaped = true
      if (body[at + 1] === quote || body[at + 1] === backslash) at++
    }
    if (at >= end || (at + 1 < end && !isDelimiter(body[at + 1] as number))) {
      // Where a text goes wrong nobody knows which marks belong together: what follows on the next line may well be good.
      this.fault = at >= end ? endless : unescaped
      return from
    }
    this.breaks += breaks
    const raw = body.toString('utf8', from + 1, at)
    if (raw.includes('\ufffd') && !isUtf8(body.subarray(from + 1, at))) this.fault = foreign
    this.kind = text
    this.value[0] = this.texts.push(isEscaped ? raw.replaceAll(/\\(["\\])/g, '$1') : raw) - 1
    return at + 1
  }
}
