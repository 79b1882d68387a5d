// From a JSON message to samples. A message is one reading or a list of readings that the device has buffered; each has its own time.
// Points are compiled once; a message is parsed once, whatever the number of points that read it.
import { isUtf8 } from 'node:buffer'
import type { DriverContext, Point } from '#core/driver.ts'
import { good, qualities, type Quality } from '#core/quality.ts'
import type { Micros } from '#core/time.ts'
import { follow, parseFieldPath, type FieldPath } from './field-path.ts'
import type { JsonAddress } from './json-address.ts'
import { jsonArray, jsonNumber, jsonText, jsonTime, parseJson, Unreadable } from './json-value.ts'

/** What became of one message. */
export interface Outcome {
  /** Values given to the sink. */
  accepted: number
  /** The first reason per field, and how often that field could not be read. */
  readonly rejected: Map<string, { reason: string; count: number }>
}

export interface ReadOptions {
  /** Filled in when given. */
  readonly outcome?: Outcome
  /** Quality of values whose message holds no time of its own; good when absent. */
  readonly untimed?: Quality
}

/** One message on its way to the points. */
interface Message extends ReadOptions {
  readonly now: Micros
}

export const newOutcome = (): Outcome => ({ accepted: 0, rejected: new Map() })

interface JsonPoint {
  readonly index: number
  readonly definition: Point['definition']
  /** As the configuration writes it. */
  readonly name: string
  readonly path: FieldPath
}

/** Points whose time and conditions are the same, so that both are looked up once per reading. */
interface Group {
  readonly time: FieldPath | undefined
  readonly where: readonly (readonly [FieldPath, string])[]
  readonly points: JsonPoint[]
}

/** Reads messages for a fixed set of points. */
export class JsonReader {
  #clock: DriverContext['clock']
  #sink: DriverContext['sink']
  #groups: Group[]
  #lastArrival = 0

  /** `indexes` are those of `points` that these messages are for. */
  constructor(points: readonly Point<JsonAddress>[], indexes: readonly number[], { clock, sink }: Pick<DriverContext, 'clock' | 'sink'>) {
    this.#clock = clock
    this.#sink = sink
    const groups = new Map<string, Group>()
    for (const index of indexes) {
      const { address, definition } = points[index] as Point<JsonAddress>
      const key = JSON.stringify([address.time, address.where])
      const group = groups.get(key) ?? newGroup(address)
      groups.set(key, group)
      group.points.push({ index, definition, name: address.field ?? '', path: pathOf(address.field) })
    }
    this.#groups = [...groups.values()]
  }

  /** Takes one message. Returns why it is no JSON, when it is none; everything else wrong is a fault of the points concerned. */
  read(payload: Uint8Array, { outcome, untimed = good }: ReadOptions = noOptions): string | undefined {
    let value: unknown
    try {
      if (!isUtf8(payload)) throw new Error('it is no UTF-8 text')
      value = parseJson(Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString())
    } catch (error) {
      const reason = `the message is not JSON: ${(error as Error).message.replaceAll(/\p{Cc}+/gu, ' ').slice(0, 200)}`
      this.fault(qualities.badDecoding.code, reason)
      return reason
    }
    const message: Message = { now: this.#clock.now(), untimed, ...(outcome && { outcome }) }
    for (const group of this.#groups) {
      if (Array.isArray(value)) this.#readList(group, value, message)
      else this.#readGroup(group, group.points, value, message)
    }
    return undefined
  }

  /** Says that a whole message is lost to all of its points. */
  fault(quality: Quality, reason: string): void {
    for (const { points } of this.#groups) for (const { index } of points) this.#sink.fault(index, quality, reason)
  }

  /** A list is a list of readings, except for an array point that reads the message itself. */
  #readList(group: Group, list: unknown[], message: Message): void {
    const whole = group.points.filter(isWholeArray)
    if (whole.length > 0) this.#readGroup(group, whole, list, message)
    const others = whole.length > 0 ? group.points.filter((point) => !isWholeArray(point)) : group.points
    if (others.length > 0) for (const reading of list) this.#readGroup(group, others, reading, message)
  }

  #readGroup(group: Group, points: readonly JsonPoint[], reading: unknown, message: Message): void {
    for (const [path, wanted] of group.where) if (!equals(follow(reading, path), wanted)) return
    const { now, outcome } = message
    const time = group.time ? jsonTime(follow(reading, group.time), now) : this.#arrival(now)
    const quality = group.time ? good : (message.untimed ?? good)
    for (const point of points) {
      const unreadable = time instanceof Unreadable ? time : this.#take(point, reading, time, quality)
      if (unreadable) this.#reject(point, unreadable, outcome)
      else if (outcome) outcome.accepted++
    }
  }

  #take({ index, definition, path }: JsonPoint, reading: unknown, time: Micros, quality: Quality): Unreadable | undefined {
    const value = follow(reading, path)
    if (value === undefined) return new Unreadable('it is missing in the message')
    if (value instanceof Unreadable) return value
    if (definition.kind === 'array') {
      const array = jsonArray(value, definition.shape)
      if (array instanceof Unreadable) return array
      this.#sink.array(index, time, array, quality)
    } else if (definition.kind === 'text') {
      const words = jsonText(value)
      if (words instanceof Unreadable) return words
      this.#sink.text(index, time, words, quality)
    } else {
      const number = jsonNumber(value, definition.kind)
      if (number instanceof Unreadable) return number
      this.#sink.sample(index, time, number, quality)
    }
    return undefined
  }

  #reject(point: JsonPoint, { reason, quality }: Unreadable, outcome: Outcome | undefined): void {
    this.#sink.fault(point.index, quality, point.name === '' ? `the message: ${reason}` : `field ${point.name}: ${reason}`)
    const known = outcome?.rejected.get(point.name)
    if (known) known.count++
    else outcome?.rejected.set(point.name, { reason, count: 1 })
  }

  /** The time of arrival; two readings never get the same microsecond, since then one would replace the other. */
  #arrival(now: Micros): Micros {
    const sameInstant = now <= this.#lastArrival && this.#lastArrival - now < 1_000_000
    this.#lastArrival = sameInstant ? this.#lastArrival + 1 : now
    return this.#lastArrival
  }
}

const noOptions: ReadOptions = {}
const isWholeArray = ({ definition, path }: JsonPoint) => definition.kind === 'array' && path.length === 0

function newGroup({ time, where = {} }: JsonAddress): Group {
  return {
    time: time === undefined ? undefined : pathOf(time),
    where: Object.entries(where).map(([path, text]) => [pathOf(path), text]),
    points: [],
  }
}

/** The schema has checked the path. */
const pathOf = (text: string | undefined): FieldPath => (text === undefined ? [] : (parseFieldPath(text) ?? [text]))

function equals(value: unknown, wanted: string): boolean {
  return typeof value === 'string'
    ? value === wanted
    : (typeof value === 'number' || typeof value === 'boolean') && String(value) === wanted
}
