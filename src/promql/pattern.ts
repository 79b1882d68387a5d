// Regular expressions as Prometheus understands them (RE2): in time proportional to text × pattern, whatever they are, so that no query can hang
// the server by one. Always the whole text has to match.
import { RE2JS } from 're2js'
import { messageOf, Rejected } from '#core/errors.ts'

export interface Pattern {
  readonly matches: (text: string) => boolean
  /** What the groups matched, by number (0 is the whole) and by name; undefined when the text does not match. */
  readonly groups: (text: string) => Map<string, string> | undefined
  /** How much work a character may be, compared with others. */
  readonly weight: number
}

/** Longest pattern, in characters, and largest one once its repetitions are written out, in steps. */
export const patternLengthMax = 50_000
const programSizeMax = 100_000

/** Throws `Rejected` for what is not understood. */
export function createPattern(source: string): Pattern {
  if (source.length > patternLengthMax) throw new Rejected(`a regular expression is longer than ${patternLengthMax} characters; shorten it`)
  const pattern = compile(source)
  const weight = pattern.programSize()
  if (weight > programSizeMax) throw new Rejected('a regular expression is too large; ask for fewer repetitions')
  const names = Object.entries(pattern.namedGroups())
  return {
    weight,
    matches: (text) => pattern.matches(text),
    groups(text) {
      const matcher = pattern.matcher(text)
      if (!matcher.matches()) return undefined
      const groups = new Map<string, string>()
      for (let group = 0; group <= pattern.groupCount(); group++) groups.set(String(group), matcher.group(group) ?? '')
      for (const [name, group] of names) groups.set(name, groups.get(String(group)) ?? '')
      return groups
    },
  }
}

function compile(source: string): RE2JS {
  try {
    return RE2JS.compile(source)
  } catch (error) {
    throw new Rejected(`the regular expression "${source}" is not understood: ${messageOf(error).replace('error parsing regexp: ', '')}`)
  }
}
