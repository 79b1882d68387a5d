// Time zones: what a zone's clocks show, and when they are set. All from Intl, so the browser knows the same.
import { Rejected } from './errors.ts'
import { dayUs, secondUs, type Micros } from './time.ts'

export interface Zone {
  /** Local minus UTC time at a time. */
  offset(time: Micros): Micros
  /**
   * When the zone's clocks show `local` (a local time written as if it were UTC): the first time of two; the moment at which the clocks are
   * set when they skip it.
   */
  timeOf(local: Micros): Micros
  /** When the clocks are set within after < time ≤ until, which are at most a day apart; undefined when they are not. */
  changeWithin(after: Micros, until: Micros): Micros | undefined
}

/** Between two changes lies at least a week, in every zone since 1970. So there is at most one in a cell. */
const cellUs = 4 * dayUs
const cellsMax = 10_000
const zonesMax = 100

interface Cell {
  readonly before: Micros
  readonly after: Micros
  /** Infinity when the clocks are not set in this cell. */
  readonly change: Micros
}

const opened = new Map<string, Zone>()

/** What is wrong with the name of a zone, or undefined when nothing is. */
export function zoneFault(name: string): string | undefined {
  try {
    return void new Intl.DateTimeFormat('en', { timeZone: name })
  } catch {
    return `"${name}" is no time zone; write a name such as Europe/Berlin, or an offset such as +01:00`
  }
}

/** The zone of a name such as Europe/Berlin, or of an offset such as +01:00. Throws `Rejected` for others. */
export function zoneOf(name: string): Zone {
  const known = opened.get(name)
  if (known) return known
  const fault = zoneFault(name)
  if (fault) throw new Rejected(fault)
  if (opened.size >= zonesMax) opened.clear()
  const zone = name === 'UTC' ? utc : openZone(name)
  opened.set(name, zone)
  return zone
}

const utc: Zone = { offset: () => 0, timeOf: (local) => local, changeWithin: () => undefined }

function openZone(name: string): Zone {
  const format = new Intl.DateTimeFormat('en', { timeZone: name, timeZoneName: 'longOffset' })
  const asked = (time: Micros) => offsetIn(format.format(time / 1000))
  const cells = new Map<number, Cell>()

  function cellAt(time: Micros): Cell {
    const index = Math.floor(time / cellUs)
    let cell = cells.get(index)
    if (cell) return cell
    const [start, end] = [index * cellUs, (index + 1) * cellUs]
    const [before, after] = [asked(start), asked(end)]
    cell = { before, after, change: before === after ? Infinity : firstSecond(start, end, (second) => asked(second) !== before) }
    if (cells.size >= cellsMax) cells.clear()
    cells.set(index, cell)
    return cell
  }

  const offset = (time: Micros) => {
    const { before, after, change } = cellAt(time)
    return time < change ? before : after
  }
  const changeWithin = (after: Micros, until: Micros) =>
    [cellAt(after).change, cellAt(until).change].find((change) => after < change && change <= until)
  return {
    offset,
    changeWithin,
    timeOf(local) {
      const [early, late] = [local - offset(local - dayUs), local - offset(local + dayUs)]
      if (early + offset(early) === local) return early
      if (late + offset(late) === local) return late
      return changeWithin(late, early) ?? late
    },
  }
}

/** The offset at the end of a text such as `1/31/2026, GMT-03:30`. */
function offsetIn(text: string): Micros {
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text) ?? []
  return (sign === '-' ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * secondUs
}

/** The first full second after `start`, and at `end` at the latest, of which `holds` is true; it then stays so. */
function firstSecond(start: Micros, end: Micros, holds: (second: Micros) => boolean): Micros {
  let [low, high] = [start / secondUs, end / secondUs]
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (holds(middle * secondUs)) high = middle
    else low = middle
  }
  return high * secondUs
}
