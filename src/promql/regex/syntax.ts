// Regular expressions as Prometheus has them (RE2's syntax), read into a tree. There is nothing that a machine without memory cannot decide:
// no look-around, no back-references. Single characters and classes are tested by JavaScript's own engine.
import { Rejected } from '#core/errors.ts'

export type Node =
  | { readonly kind: 'character'; readonly test: (character: string) => boolean; readonly literal?: string }
  | { readonly kind: 'place'; readonly test: (before: string | undefined, after: string | undefined) => boolean }
  | { readonly kind: 'sequence' | 'choice'; readonly nodes: readonly Node[] }
  | { readonly kind: 'repeat'; readonly node: Node; readonly least: number; readonly most: number; readonly greedy: boolean }
  | { readonly kind: 'group'; readonly node: Node; readonly index: number; readonly name: string | undefined }

/** Most repetitions that {n,m} may ask for, as in RE2. */
const repetitionsMax = 1000
/** Deepest nesting of groups, and most groups that are captured. */
const depthMax = 100
const groupsMax = 100

const isWord = (character: string | undefined) => character !== undefined && /^\w$/.test(character)
const places: Record<string, (before: string | undefined, after: string | undefined) => boolean> = {
  '^': (before) => before === undefined,
  '\\A': (before) => before === undefined,
  $: (_, after) => after === undefined,
  '\\z': (_, after) => after === undefined,
  '\\b': (before, after) => isWord(before) !== isWord(after),
  '\\B': (before, after) => isWord(before) === isWord(after),
}
const controls: Record<string, string> = { a: '\x07', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }
const posix = new Map(
  Object.entries({
    alnum: '0-9A-Za-z',
    alpha: 'A-Za-z',
    blank: '\\t ',
    digit: '0-9',
    lower: 'a-z',
    punct: '!-\\/:-@\\[-`{-~',
    space: '\\t\\n\\v\\f\\r ',
    upper: 'A-Z',
    word: '0-9A-Za-z_',
    xdigit: '0-9A-Fa-f',
  }),
)

/** Reads a pattern. Throws `Rejected` and says what is wrong with it. */
export function parsePattern(pattern: string): Node {
  let at = 0
  let groups = 0
  let depth = 0
  let flags = { i: false, s: false }

  const wrong = (what: string) => new Rejected(`the regular expression "${pattern}" is not understood: ${what} at its character ${at + 1}`)
  const take = (part: RegExp): RegExpExecArray | null => {
    part.lastIndex = at
    const match = part.exec(pattern)
    at += match?.[0].length ?? 0
    return match
  }

  function choice(): Node {
    const nodes = [sequence()]
    while (take(/\|/y)) nodes.push(sequence())
    return nodes.length === 1 ? (nodes[0] as Node) : { kind: 'choice', nodes }
  }

  function sequence(): Node {
    const nodes: Node[] = []
    while (at < pattern.length && pattern[at] !== '|' && pattern[at] !== ')') {
      const node = atom()
      if (node) nodes.push(repeated(node))
    }
    return { kind: 'sequence', nodes }
  }

  function repeated(node: Node): Node {
    const match = take(/([*+?])(\??)|\{(\d{1,5})(,?)(\d{0,5})\}(\??)/y)
    if (!match) return node
    const [, sign, lazy, from, comma, to, lazyCount] = match
    const least = sign === '+' ? 1 : Number(from ?? 0)
    const most = sign === '?' ? 1 : sign !== undefined ? Infinity : comma === '' ? least : to === '' ? Infinity : Number(to)
    if (least > repetitionsMax || (most !== Infinity && most > repetitionsMax))
      throw wrong(`more than ${repetitionsMax} repetitions are asked for`)
    if (most < least) throw wrong('a repetition ends before it begins')
    if (take(/[*+?]|\{\d{1,5},?\d{0,5}\}/y)) throw wrong('a repetition of a repetition')
    return { kind: 'repeat', node, least, most, greedy: (lazy ?? lazyCount) === '' }
  }

  /** One thing that may be repeated; nothing for (?i), which only sets a flag. */
  function atom(): Node | undefined {
    if (pattern[at] === '(') return group()
    const place = take(/[$^]|\\[AbBz]/y)
    if (place) return { kind: 'place', test: places[place[0]] as (typeof places)[string] }
    if (take(/\./y)) return tested(flags.s ? '[^]' : '[^\\n]')
    if (take(/[*+?]/y)) throw wrong('nothing before the sign of repetition')
    if (take(/\[/y)) return characterClass()
    const set = take(/\\(?:[dDwWsS]|[pP](?:[A-Z]|\{\w+\}))/y)
    if (set) return tested(`[${setSource(set[0])}]`)
    return literal(character())
  }

  function group(): Node | undefined {
    const opened = take(/\(\?([is]+)\)|\((?:\?(?:P?<(\w{1,100})>|([is]*):))?/y) as RegExpExecArray
    const [, set, name, inner] = opened
    if (pattern[at] === '?') throw wrong('this kind of group is not supported; there are (…), (?:…), (?P<name>…), (?i) and (?s)')
    const outer = flags
    const given = set ?? inner ?? ''
    flags = { i: flags.i || given.includes('i'), s: flags.s || given.includes('s') }
    if (set !== undefined) return undefined
    const index = inner === undefined ? ++groups : 0
    if (groups > groupsMax) throw wrong(`more than ${groupsMax} groups; write (?:…) where nothing is taken out`)
    if (++depth > depthMax) throw wrong(`groups lie more than ${depthMax} deep`)
    const node = choice()
    depth--
    if (!take(/\)/y)) throw wrong('a "(" without its ")"')
    flags = outer
    return inner === undefined ? { kind: 'group', node, index, name } : node
  }

  function characterClass(): Node {
    let source = take(/\^/y) ? '[^' : '['
    for (let first = true; first || pattern[at] !== ']'; first = false) {
      if (at >= pattern.length) throw wrong('a "[" without its "]"')
      const named = take(/\[:(\^?)(\w+):\]/y)
      if (named) {
        const ranges = posix.get(named[2] as string)
        if (ranges === undefined || named[1] === '^') throw wrong(`the class ${named[0]} is not supported`)
        source += ranges
        continue
      }
      const set = take(/\\(?:[dDwWsS]|[pP](?:[A-Z]|\{\w+\}))/y)
      if (set) source += setSource(set[0])
      else source += take(/-/y) ? (source.length === 1 || pattern[at] === ']' ? '\\-' : '-') : escaped(character())
    }
    at++
    return tested(`${source}]`)
  }

  /** A single character, as it stands or escaped. */
  function character(): string {
    const hex = take(/\\x(?:([0-9a-fA-F]{2})|\{([0-9a-fA-F]{1,6})\})/y)
    if (hex) {
      const code = Number.parseInt(hex[1] ?? hex[2] ?? '', 16)
      if (code > 0x10_ff_ff) throw wrong('there is no such character')
      return String.fromCodePoint(code)
    }
    const control = take(/\\([afnrtv])/y)
    if (control) return controls[control[1] as string] as string
    const escaped = take(/\\([^\w\s])/uy)
    if (escaped) return escaped[1] as string
    if (pattern[at] === '\\') throw wrong('an unknown escape')
    return (take(/[^]/uy) as RegExpExecArray)[0]
  }

  function literal(character: string): Node {
    return flags.i ? tested(escaped(character)) : { kind: 'character', test: (other) => other === character, literal: character }
  }

  /** A test by JavaScript's engine, which sees one character at a time; answers are remembered. */
  function tested(source: string): Node {
    const known = new Map<string, boolean>()
    let regex: RegExp
    try {
      regex = new RegExp(`^${source}$`, flags.i ? 'iu' : 'u')
    } catch {
      throw wrong(`an impossible class ${source}`)
    }
    const test = (character: string) => {
      const answer = known.get(character) ?? regex.test(character)
      if (known.size < 1000) known.set(character, answer)
      return answer
    }
    return { kind: 'character', test }
  }

  const node = choice()
  if (at < pattern.length) throw wrong('a ")" without its "("')
  return node
}

const escaped = (character: string) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`

/** \d and the like as RE2 means them: \s without the blanks of Unicode, \pL for \p{L}, \p{Greek} for a script. */
function setSource(set: string): string {
  if (set === '\\s') return '\\t\\n\\f\\r '
  const [, negation, name = ''] = /^\\([pP])\{?(\w+)/.exec(set) ?? []
  return negation === undefined ? set : `\\${negation}{${name.length > 2 ? 'Script=' : ''}${name}}`
}
