// Which tag a series of the line protocol is. The rule, and why no two series ever share a tag: docs/specs/line-protocol.md.
import { createHash } from 'node:crypto'
import { machinePathFault, type MachinePath, type TagPath } from '#core/path.ts'

/** The tag of a line that names the machine's path. */
const pathKey = 'path'
/** The measurement that adds nothing to the name of a machine's own tags. */
const plainMeasurement = 'machine'
/** Machines of lines without a path are below it. */
const root = 'influx'

export interface Series {
  readonly machine: MachinePath
  /** What stands before the field in the name of each of its tags. */
  readonly before: readonly string[]
}

/** Reads measurement and tag set as they stand in a line. Returns what is wrong with them as a text. */
export function readSeries(key: string): Series | string {
  const [measurement = '', ...pairs] = key.split(/(?<!\\),/)
  const tags = new Map<string, string>()
  for (const pair of pairs) {
    const [name, value, more] = pair.split(/(?<!\\)=/)
    if (!name || !value || more !== undefined) return `the tag "${pair}" is not written as key=value; escape , = and spaces by \\`
    const own = unescaped(name)
    if (tags.has(own)) return `the tag "${own}" is there twice; send it once`
    tags.set(own, unescaped(value))
  }
  return seriesOf(measurement.replaceAll(/\\([, ])/g, '$1'), tags)
}

/** The path of a field's tag. */
export function tagPathOf({ machine, before }: Series, field: string): TagPath {
  return `${machine}/${segmentOf([...before, unescaped(field)])}`
}

function seriesOf(measurement: string, tags: Map<string, string>): Series {
  const path = tags.get(pathKey)
  const names = [...tags.keys()].toSorted()
  if (path === undefined || machinePathFault(path) !== undefined || path.split('/')[0] === root) {
    const segments = [root, segmentOf([measurement])]
    if (names.length > 0) segments.push(segmentOf(names.flatMap((name) => [name, tags.get(name) as string])))
    return { machine: segments.join('/'), before: [] }
  }
  const others = names.filter((name) => name !== pathKey).flatMap((name) => [name, tags.get(name) as string])
  return { machine: path, before: measurement === plainMeasurement ? others : [measurement, ...others] }
}

const unescaped = (text: string) => text.replaceAll(/\\([,= ])/g, '$1')

/**
 * Parts as one segment of a path, joined by colons. Where that would not be a segment, or could be read in two ways, it is made one
 * that can be read and told apart by a hash of the parts.
 */
function segmentOf(parts: readonly string[]): string {
  const text = parts.join(':')
  if (!parts.some((part) => /[:%/]/.test(part)) && machinePathFault(text) === undefined) return text
  const hash = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16)
  const readable = text.replaceAll(/[^\p{L}\p{N} ._:()-]/gu, '_').replace(/^[^\p{L}\p{N}]+/u, '')
  return `${Array.from(readable).slice(0, 47).join('')}%${hash}`.replace(/^%/, 'x%')
}
