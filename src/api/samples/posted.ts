// Posted samples as rows of a batch. The common form is read by hand; zod is asked only to explain what is wrong.
import { BatchBuilder, kindOf, type Batch, type Value } from '#core/batch.ts'
import { tagPathFault } from '#core/path.ts'
import { qualityOf } from '#core/quality.ts'
import type { Kind } from '#core/tag.ts'
import { formatTime, parseTime, type Micros } from '#core/time.ts'
import { Turn } from '#core/turn.ts'
import { Malformed } from '#api/errors.ts'
import { postedSampleSchema, postedSamplesMax } from './schema.ts'

/** So many samples are read before it is looked whether the turn is over. */
const stepSize = 256
/** Whole numbers up to here are exact. */
const integerMax = 2 ** 53

export interface PostedRows {
  readonly batch: Batch
  /** Per row, the place of its sample in the post. */
  readonly indexOfRow: Uint32Array
  readonly count: number
  readonly rejected: { index: number; reason: string }[]
}

export interface PostedParts {
  readonly arrival: Micros
  readonly kindOfTag: (path: string) => Kind | undefined
}

/** Reads a body. Throws `Malformed` when it is no list of samples; a bad sample is rejected by itself. */
export async function readPosted(body: Buffer, parts: PostedParts): Promise<PostedRows> {
  const text = body.toString()
  const posted = parseList(text)
  const reader = new PostedReader(text, parts)
  const indexOfRow = new Uint32Array(posted.length)
  const rejected: PostedRows['rejected'] = []
  const turn = new Turn()
  for (let index = 0; index < posted.length; index++) {
    const row = reader.builder.count
    const reason = reader.add(posted[index], index)
    if (reason === undefined) indexOfRow[row] = index
    else rejected.push({ index, reason })
    if (index % stepSize === 0 && turn.isOver) await turn.next()
  }
  return { batch: reader.builder.build(), indexOfRow, count: posted.length, rejected }
}

function parseList(text: string): unknown[] {
  let posted: unknown
  try {
    posted = JSON.parse(text)
  } catch (error) {
    throw new Malformed(`the body is not JSON: ${(error as Error).message.slice(0, 200)}`)
  }
  if (!Array.isArray(posted))
    throw new Malformed('the body is no list; post samples as [{"tag": "site/area/line/machine/tag", "value": 1}]')
  if (posted.length > postedSamplesMax)
    throw new Malformed(`${posted.length} samples are more than ${postedSamplesMax}; post them in parts`)
  return posted
}

class PostedReader {
  readonly builder = new BatchBuilder()
  readonly #text: string
  readonly #parts: PostedParts
  /** Samples of one moment come together: the time is read once. */
  #timeText: string | undefined
  #time: Micros | undefined
  #lossless: unknown[] | undefined

  constructor(text: string, parts: PostedParts) {
    this.#text = text
    this.#parts = parts
  }

  /** Adds one posted sample as a row, or says why not. */
  add(posted: unknown, index: number): string | undefined {
    if (!isPosted(posted)) return explain(posted)
    const { tag, time: timeText, value: given, quality: qualityText = given === null ? 'bad' : 'good' } = posted
    if (timeText !== this.#timeText || timeText === undefined) {
      this.#timeText = timeText
      this.#time = timeText === undefined ? this.#parts.arrival : parseTime(timeText)
    }
    const time = this.#time
    if (time === undefined) return `"${timeText}" is no ISO 8601 time such as ${formatTime(this.#parts.arrival)}`
    const quality = qualityOf(qualityText)
    if (quality === undefined)
      return `unknown quality "${qualityText}"; write good, uncertain, bad or another name from docs/reference/qualities.md`
    if (typeof given === 'number' && Number.isInteger(given) && Math.abs(given) >= integerMax && this.#lostDigits(index))
      return `the whole number would lose digits: counters are exact up to ${integerMax}; send it as text, or with an exponent where that does not matter`
    const known = this.builder.kindOfTag(tag)
    const pathFault = known === undefined ? tagPathFault(tag) : undefined
    if (pathFault) return pathFault
    const value: Value = given !== null && typeof given === 'object' ? { shape: given.shape, data: Float32Array.from(given.data) } : given
    const kind = value === null ? (this.#parts.kindOfTag(tag) ?? 'number') : kindOf(value)
    if (known !== undefined && known !== kind) return `tag "${tag}" is of kind ${known}, this value is of kind ${kind}`
    this.builder.addValue(tag, kind, time, value, quality)
    return undefined
  }

  /** Whether a number was written with more digits than it has now; only the text knows. */
  #lostDigits(index: number): boolean {
    this.#lossless ??= JSON.parse(this.#text, asWritten) as unknown[]
    return typeof (this.#lossless[index] as { value: unknown }).value === 'string'
  }
}

/** Puts the text of whole numbers that lost digits in their place. */
function asWritten(_: string, value: unknown, { source = '' }: { source?: string } = {}): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value) || !/^-?\d+$/.test(source)) return value
  return Number.isFinite(value) && BigInt(source) === BigInt(value) ? value : source
}

interface Posted {
  readonly tag: string
  readonly time?: string
  readonly value: number | boolean | string | null | { readonly shape: number[]; readonly data: number[] }
  readonly quality?: string
}

function isPosted(posted: unknown): posted is Posted {
  if (typeof posted !== 'object' || posted === null) return false
  for (const key in posted) if (!sampleKeys.has(key)) return false
  const { tag, time, value, quality } = posted as Partial<Record<keyof Posted, unknown>>
  return (
    typeof tag === 'string' &&
    (time === undefined || typeof time === 'string') &&
    (quality === undefined || typeof quality === 'string') &&
    (typeof value === 'number' ? Number.isFinite(value) : typeof value === 'boolean' || typeof value === 'string' || isNullOrArray(value))
  )
}

/** The reserved word is passed over, as everywhere in the API. */
const sampleKeys = new Set(['tag', 'time', 'value', 'quality', '__proto__'])

function isNullOrArray(value: unknown): boolean {
  if (typeof value !== 'object') return false
  if (value === null) return true
  for (const key in value) if (key !== 'shape' && key !== 'data') return false
  const { shape, data } = value as { shape?: unknown; data?: unknown }
  return isNumbers(shape) && isNumbers(data)
}

const isNumbers = (list: unknown) => Array.isArray(list) && list.every((item) => typeof item === 'number')

function explain(posted: unknown): string {
  const [issue] = postedSampleSchema.safeParse(posted).error?.issues ?? []
  if (!issue) return 'not a sample; write {"tag": "site/area/line/machine/tag", "value": 1}'
  if (issue.path[0] === 'value' && typeof (posted as { value?: unknown }).value === 'number') return 'the value is infinite'
  if (issue.path[0] === 'value') return 'value must be a number, boolean, text, null or {shape, data}'
  return `${issue.path.length > 0 ? `${issue.path.join('.')}: ` : ''}${issue.message}`
}
