// Reads Influx line protocol byte by byte into columns: no string per line, no object per value. What it takes: docs/specs/line-protocol.md.
import type { Batch } from '#core/batch.ts'
import { lineFaultsMax, type LineFault, type LineTimes } from '#core/ingest.ts'
import { BatchDictionary } from './batch-dictionary.ts'
import { grown } from './byte-keys.ts'
import { fourDigits, isDelimiter, isDigit } from './bytes.ts'
import { noSeries, TagCache } from './tag-cache.ts'
import { ValueReader } from './value-reader.ts'

const tab = 0x09
const newline = 0x0a
const carriage = 0x0d
const space = 0x20
const sharp = 0x23
const comma = 0x2c
const minus = 0x2d
const zero = 0x30
const equals = 0x3d
const backslash = 0x5c

/** A part ends with the line that brings it to so many bytes: a few milliseconds of work. */
const partBytes = 1 << 20
const fieldsPerLineMax = 10_000
const timeDigitsMax = 19
/** So much of a name is quoted in a fault. */
const quotedBytesMax = 60

const nobody = Buffer.alloc(0)

/** The lines of a piece of the body. */
export interface ParsedPart {
  readonly batch: Batch
  /** Per row, the line that it comes from. */
  readonly lineOfRow: Uint32Array
  /** Lines that could not be read; they have no rows. */
  readonly refused: number
  /** The first of them. */
  readonly faults: readonly LineFault[]
  /** Where the next part begins, and the number of its first line. */
  readonly end: number
  readonly nextLine: number
}

export class LineParser {
  readonly #tags: TagCache
  readonly #dictionary = new BatchDictionary()
  readonly #values = new ValueReader()
  #body: Buffer = nobody
  #words: DataView = new DataView(nobody.buffer)
  #times: LineTimes = { unitUs: 1, arrival: 0 }
  #rows = 0
  #tag = new Uint32Array(1 << 12)
  #time = new Float64Array(1 << 12)
  #value = new Float64Array(1 << 12)
  #lineOfRow = new Uint32Array(1 << 12)
  /** The line under way, which becomes rows when its time is known. */
  #fields = 0
  readonly #fieldTag = new Uint32Array(fieldsPerLineMax)
  readonly #fieldKind = new Uint8Array(fieldsPerLineMax)
  readonly #fieldValue = new Float64Array(fieldsPerLineMax)
  readonly #lineTime = new Float64Array(1)
  /** Why it cannot be read. */
  #fault: string | undefined

  constructor(tags = new TagCache()) {
    this.#tags = tags
  }

  /** Reads one part; `from` is the beginning of a line, and `firstLine` its number. */
  parse(body: Uint8Array, from: number, firstLine: number, times: LineTimes): ParsedPart {
    this.#use(Buffer.from(body.buffer, body.byteOffset, body.byteLength))
    this.#times = times
    this.#rows = 0
    this.#dictionary.begin()
    const values = this.#values
    values.texts = []
    const faults: LineFault[] = []
    const last = Math.min(body.length, from + partBytes)
    let [at, line, refused] = [from, firstLine, 0]
    while (at < last) {
      const textCount = values.texts.length
      values.breaks = 0
      this.#fields = 0
      this.#fault = undefined
      at = this.#readLine(at)
      if (this.#fault === undefined) this.#addRows(line)
      else {
        values.texts.length = textCount
        if (refused++ < lineFaultsMax) faults.push({ line, reason: this.#fault })
      }
      while (at < body.length && body[at] !== newline) at++
      at++
      line += 1 + values.breaks
    }
    const batch = this.#batch()
    this.#use(nobody)
    return { batch, lineOfRow: this.#lineOfRow.slice(0, this.#rows), refused, faults, end: at, nextLine: line }
  }

  #use(body: Buffer): void {
    this.#body = body
    this.#words = new DataView(body.buffer, body.byteOffset, body.byteLength)
    this.#values.body = body
    if (this.#tags.use(body)) this.#dictionary.clear()
  }

  /** Returns where the line ends, or where it went wrong. */
  #readLine(from: number): number {
    const body = this.#body
    const end = body.length
    let at = this.#skipBlanks(from)
    if (at === end || body[at] === newline || body[at] === sharp) return at
    const seriesFrom = at
    if (body[at] === comma) return this.#fail(at, 'the measurement is missing; write measurement,tag=value field=value time')
    let series = this.#tags.expected(at, noSeries, space)
    if (series >= 0) return this.#readFields(this.#skipBlanks(this.#tags.endOf(series, at)), series)
    for (; at < end; at++) {
      const byte = body[at] as number
      if (byte <= space && (byte === newline || (byte === space && body[at - 1] !== backslash))) break
    }
    if (at === end || body[at] === newline) return this.#fail(at, 'there are no fields; write measurement,tag=value field=value time')
    series = this.#tags.series(seriesFrom, at)
    if (series < 0) return this.#fail(at, this.#tags.fault)
    return this.#readFields(this.#skipBlanks(at), series)
  }

  #readFields(from: number, series: number): number {
    const body = this.#body
    const end = body.length
    const values = this.#values
    for (let at = from; ; at++) {
      const keyFrom = at
      let field = this.#tags.expected(at, series, equals)
      if (field >= 0) at = this.#tags.endOf(field, at)
      else {
        at = this.#keyEnd(at)
        if (at === keyFrom) return this.#fail(at, 'a field has no name; write field=value, with commas and no spaces between fields')
        if (at === end || body[at] !== equals) return this.#failAt(at, 'the field % has no value; write field=value', keyFrom, at)
        field = this.#tags.field(series, keyFrom, at)
        if (field < 0) return this.#fail(at, this.#tags.fault)
      }
      if (this.#fields === fieldsPerLineMax)
        return this.#fail(at, `there are more than ${fieldsPerLineMax} fields; send them as several lines`)
      const keyTo = at
      at = values.read(at + 1)
      if (values.fault !== undefined) return this.#failAt(at, values.fault, keyFrom, keyTo)
      this.#fieldTag[this.#fields] = this.#tags.tagOf(field)
      this.#fieldKind[this.#fields] = values.kind
      this.#fieldValue[this.#fields++] = values.value[0] as number
      if (at >= end || body[at] !== comma) return this.#readTime(at)
    }
  }

  #keyEnd(from: number): number {
    const body = this.#body
    let at = from
    for (; at < body.length; at++) {
      const byte = body[at] as number
      if (byte <= equals && (byte === newline || ((byte === equals || isDelimiter(byte)) && body[at - 1] !== backslash))) break
    }
    return at
  }

  /** Reads the time, if there is one, and returns where the line ends. */
  #readTime(from: number): number {
    const body = this.#body
    const end = body.length
    const { unitUs, arrival } = this.#times
    let at = this.#skipBlanks(from)
    this.#lineTime[0] = arrival
    if (at >= end || body[at] === newline) return at
    const isNegative = body[at] === minus
    if (isNegative) at++
    const digitsFrom = at
    while (at + 4 <= end && fourDigits(this.#words.getInt32(at, true)) >= 0) at += 4
    while (at < end && isDigit(body[at] as number)) at++
    const digits = at - digitsFrom
    const lineEnd = this.#skipBlanks(at)
    if (digits === 0 || digits > timeDigitsMax || (lineEnd < end && body[lineEnd] !== newline))
      return this.#fail(at, 'the time is no whole number; write it behind the fields, in the unit that precision says, or leave it out')
    // Of nanoseconds the last three digits are cut: what is left has few enough to be exact.
    const digitsTo = unitUs < 1 ? at - 3 : at
    this.#lineTime[0] = isNegative ? -1 : this.#whole(digitsFrom, digitsTo) * Math.max(1, unitUs)
    return lineEnd
  }

  #whole(from: number, to: number): number {
    let whole = 0
    let at = from
    for (; at + 4 <= to; at += 4) whole = whole * 10_000 + fourDigits(this.#words.getInt32(at, true))
    for (; at < to; at++) whole = whole * 10 + ((this.#body[at] as number) - zero)
    return whole
  }

  #skipBlanks(from: number): number {
    const body = this.#body
    let at = from
    for (; at < body.length; at++) {
      const byte = body[at]
      if (byte !== space && byte !== tab && byte !== carriage) break
    }
    return at
  }

  #addRows(line: number): void {
    const time = this.#lineTime[0] as number
    while (this.#rows + this.#fields > this.#tag.length) this.#grow()
    for (let field = 0; field < this.#fields; field++) {
      const row = this.#rows++
      this.#tag[row] = this.#dictionary.place(this.#fieldTag[field] as number, this.#fieldKind[field] as number)
      this.#time[row] = time
      this.#value[row] = this.#fieldValue[field] as number
      this.#lineOfRow[row] = line
    }
  }

  #grow(): void {
    this.#tag = grown(this.#tag)
    this.#time = grown(this.#time)
    this.#value = grown(this.#value)
    this.#lineOfRow = grown(this.#lineOfRow)
  }

  #batch(): Batch {
    const count = this.#rows
    const tag = this.#tag.slice(0, count)
    const { tags, kinds } = this.#dictionary.end(tag, this.#tags.paths)
    return {
      tags,
      kinds,
      count,
      tag,
      time: this.#time.slice(0, count),
      value: this.#value.slice(0, count),
      quality: new Uint8Array(count),
      texts: this.#values.texts,
      arrays: [],
    }
  }

  #fail(at: number, fault: string): number {
    this.#fault = fault
    return at
  }

  /** A fault whose `%` stands for a name. */
  #failAt(at: number, fault: string, nameFrom: number, nameTo: number): number {
    const name = this.#body.toString('utf8', nameFrom, Math.min(nameTo, nameFrom + quotedBytesMax))
    return this.#fail(
      at,
      fault.replace('%', () => `"${name}"`),
    )
  }
}
