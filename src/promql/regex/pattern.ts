// Regular expressions in time proportional to text × pattern, whatever they are, so that no query can hang the server by one. Always the whole
// text has to match, as everywhere in PromQL.
import { Rejected } from '#core/errors.ts'
import { createAutomaton } from './automaton.ts'
import { programOf } from './program.ts'
import { run } from './run.ts'
import { parsePattern, type Node } from './syntax.ts'

export interface Pattern {
  readonly matches: (text: string) => boolean
  /** What the groups matched, by number (0 is the whole) and by name; undefined when the text does not match. */
  readonly groups: (text: string) => Map<string, string> | undefined
  /** How much work a text may be, compared with others. */
  readonly weight: number
}

/** Longest pattern, in characters. */
export const patternLengthMax = 50_000

/** Throws `Rejected` for what is not understood. */
export function createPattern(source: string): Pattern {
  if (source.length > patternLengthMax) throw new Rejected(`a regular expression is longer than ${patternLengthMax} characters; shorten it`)
  const node = parsePattern(source)
  const literals = literalsOf(node)
  if (literals) {
    const set = new Set(literals)
    return { matches: (text) => set.has(text), groups: (text) => (set.has(text) ? run(programOf(node), text) : undefined), weight: 1 }
  }
  const program = programOf(node)
  const groups = (text: string) => run(program, text)
  const matches = program.steps.some(({ op }) => op === 'place') ? (text: string) => groups(text) !== undefined : createAutomaton(program)
  return { matches, groups, weight: program.steps.length }
}

/** The texts of a pattern such as a|b|c, which a set answers at once. */
function literalsOf(node: Node): string[] | undefined {
  if (node.kind === 'group') return literalsOf(node.node)
  if (node.kind === 'choice') {
    const texts = node.nodes.map(literalsOf)
    return texts.includes(undefined) ? undefined : (texts.flat() as string[])
  }
  if (node.kind !== 'sequence') return undefined
  if (node.nodes.length === 1 && node.nodes[0]?.kind !== 'character') return literalsOf(node.nodes[0] as Node)
  const characters = node.nodes.map((part) => (part.kind === 'character' ? part.literal : undefined))
  return characters.includes(undefined) ? undefined : [characters.join('')]
}
