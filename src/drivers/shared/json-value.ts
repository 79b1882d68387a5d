// What a JSON value means for a tag's kind, and what a JSON time means. Whatever does not fit is a plain reason, never an exception.
import { arrayElementsMax, arrayFault, type ArrayValue } from '#core/array.ts'
import { textLengthMax } from '#core/batch.ts'
import { qualities, type Quality } from '#core/quality.ts'
import type { Kind } from '#core/tag.ts'
import { parseTime, timeFault, type Micros } from '#core/time.ts'

/** Why a value cannot be taken. */
export class Unreadable {
  readonly reason: string
  readonly quality: Quality
  constructor(reason: string, quality: Quality = qualities.badDecoding.code) {
    this.reason = reason
    this.quality = quality
  }
}

/** Text that may hold a whole number beyond 2⁵³, which is 9007199254740992. */
const manyDigits = /(?<![\d.])(?:9\d{15}|\d{17})/
const beyond = new Unreadable('the whole number is beyond 2⁵³ and would lose digits', qualities.badOutOfRange.code)

/** Parses JSON. A whole number that would lose digits becomes an `Unreadable` in its place; `1e300` was not written in more digits. */
export function parseJson(text: string): unknown {
  return manyDigits.test(text) ? JSON.parse(text, keepDigits) : JSON.parse(text)
}

function keepDigits(_: string, value: unknown, { source = '' }: { source?: string } = {}): unknown {
  const isWhole = typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(source)
  return isWhole && (!Number.isFinite(value) || BigInt(source) !== BigInt(value)) ? beyond : value
}

/** A value as people would quote it, shortened. */
function quoted(value: unknown): string {
  if (value instanceof Unreadable) return 'a whole number beyond 2⁵³'
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'an object'
  if (typeof value === 'string') return `the text "${value.length > 40 ? `${value.slice(0, 40)}…` : value}"`
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : 'nothing'
}

const wrongKind = (value: unknown, wanted: string) => new Unreadable(`it is ${quoted(value)}, not ${wanted}`)

/** The value of a number or boolean tag; a boolean is true, false, 1 or 0. */
export function jsonNumber(value: unknown, kind: Kind): number | Unreadable {
  if (kind === 'boolean') {
    if (value === true || value === 1) return 1
    return value === false || value === 0 ? 0 : wrongKind(value, 'true or false')
  }
  if (typeof value !== 'number') return wrongKind(value, 'a number')
  if (!Number.isFinite(value)) return new Unreadable('the number is too large', qualities.badOutOfRange.code)
  return value
}

export function jsonText(value: unknown): string | Unreadable {
  if (typeof value !== 'string') return wrongKind(value, 'a text')
  if (value.length > textLengthMax) return new Unreadable(`the text has ${value.length} characters; the most is ${textLengthMax}`)
  return value
}

/** An array as rows of numbers, as one row, or as `{ shape, data }`; a flat list takes the tag's shape when its length fits. */
export function jsonArray(value: unknown, shape: readonly number[] | undefined): ArrayValue | Unreadable {
  const array = Array.isArray(value) ? fromList(value, shape) : fromShapeAndData(value)
  if (array instanceof Unreadable) return array
  const fault = arrayFault(array)
  if (fault) return new Unreadable(fault)
  if (shape && (shape.length !== array.shape.length || shape.some((length, index) => length !== array.shape[index])))
    return new Unreadable(`the array is ${array.shape.join('×')}, the tag is ${shape.join('×')}`)
  return array
}

function fromShapeAndData(value: unknown): ArrayValue | Unreadable {
  if (typeof value !== 'object' || value === null) return wrongKind(value, 'a list of numbers')
  const { shape, data } = value as { shape?: unknown; data?: unknown }
  if (!isNumbers(shape) || !Array.isArray(data)) return new Unreadable('the array needs shape and data, both lists of numbers')
  return fromRows([data], shape)
}

function fromList(list: unknown[], wanted: readonly number[] | undefined): ArrayValue | Unreadable {
  if (!Array.isArray(list[0])) return fromRows([list], wanted && product(wanted) === list.length ? wanted : [list.length])
  const width = list[0].length
  if (!list.every((row): row is unknown[] => Array.isArray(row) && row.length === width))
    return new Unreadable('the rows of the array differ in length')
  return fromRows(list, [list.length, width])
}

function fromRows(rows: readonly unknown[][], shape: readonly number[]): ArrayValue | Unreadable {
  const width = rows[0]?.length ?? 0
  const elements = rows.length * width
  if (elements > arrayElementsMax) return new Unreadable(`the array has ${elements} elements; the most is ${arrayElementsMax}`)
  const data = new Float32Array(elements)
  for (const [row, values] of rows.entries())
    for (const [column, value] of values.entries()) {
      if (typeof value !== 'number') return new Unreadable(`element ${row * width + column} is ${quoted(value)}, not a number`)
      data[row * width + column] = value
    }
  return { shape, data }
}

const product = (lengths: readonly number[]) => lengths.reduce((elements, length) => elements * length, 1)
const isNumbers = (value: unknown): value is number[] =>
  Array.isArray(value) && value.length <= 2 && value.every((item) => typeof item === 'number')

/** Numbers below this are seconds since 1970 (until the year 5138), below a thousand times it milliseconds, above that microseconds. */
const secondsBelow = 1e11

/** A source time: ISO 8601 as text, or a number whose size tells its unit. */
export function jsonTime(value: unknown, now: Micros): Micros | Unreadable {
  const time = typeof value === 'string' ? parseTime(value) : typeof value === 'number' ? microsOf(value) : undefined
  if (time === undefined) return new Unreadable(`the time is ${value === undefined ? 'missing' : quoted(value)}, not ISO 8601 or a number`)
  const fault = timeFault(time, now)
  return fault ? new Unreadable(fault) : time
}

function microsOf(value: number): Micros {
  return Math.round(value < secondsBelow ? value * 1e6 : value < secondsBelow * 1000 ? value * 1000 : value)
}
