// Runs regular expressions in time proportional to text × pattern, whatever they are (Thompson's and Pike's machine), so that no query can hang
// the server by one. Always the whole text has to match, as everywhere in PromQL.
import { Rejected } from '#core/errors.ts'
import { parsePattern, type Node } from './syntax.ts'

export interface Pattern {
  matches(text: string): boolean
  /** What the groups matched, by number (0 is the whole) and by name; undefined when the text does not match. */
  groups(text: string): Map<string, string> | undefined
}

type Step =
  | { readonly op: 'character'; readonly test: (character: string) => boolean }
  | { readonly op: 'place'; readonly test: (before: string | undefined, after: string | undefined) => boolean }
  | { op: 'split'; first: number; second: number }
  | { readonly op: 'save'; readonly slot: number }
  | { readonly op: 'end' }

/** Longest pattern, in characters, and most parts of it once its repetitions are written out. */
export const patternLengthMax = 50_000
const nodesMax = 60_000

export function createPattern(source: string): Pattern {
  if (source.length > patternLengthMax) throw new Rejected(`a regular expression is longer than ${patternLengthMax} characters; shorten it`)
  const node = parsePattern(source)
  const literals = literalsOf(node)
  if (literals) {
    const set = new Set(literals)
    return { matches: (text) => set.has(text), groups: (text) => (set.has(text) ? run(stepsOf(node), text) : undefined) }
  }
  const steps = stepsOf(node)
  return { matches: (text) => run(steps, text, false) !== undefined, groups: (text) => run(steps, text) }
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

interface Program {
  readonly steps: readonly Step[]
  readonly names: readonly (string | undefined)[]
}

function stepsOf(root: Node): Program {
  const steps: Step[] = []
  const names: (string | undefined)[] = []
  let nodes = 0
  const add = <Added extends Step>(step: Added): Added => {
    steps.push(step)
    return step
  }
  /** A fork in the road: `preferred` says whether what follows directly goes first. */
  const fork = (preferred: boolean) => {
    const split = add({ op: 'split', first: steps.length + 1, second: steps.length + 1 })
    return (other: number) => (preferred ? (split.second = other) : (split.first = other))
  }
  const jump = (to: number) => add({ op: 'split', first: to, second: to })

  function compile(node: Node): void {
    if (++nodes > nodesMax) throw new Rejected('a regular expression is too large; ask for fewer repetitions')
    switch (node.kind) {
      case 'character':
        return void add({ op: 'character', test: node.test })
      case 'place':
        return void add({ op: 'place', test: node.test })
      case 'sequence':
        return node.nodes.forEach(compile)
      case 'group':
        names[node.index] = node.name
        add({ op: 'save', slot: node.index * 2 })
        compile(node.node)
        return void add({ op: 'save', slot: node.index * 2 + 1 })
      case 'choice': {
        const ends: { first: number; second: number }[] = []
        node.nodes.forEach((branch, index) => {
          const otherwise = index === node.nodes.length - 1 ? undefined : fork(true)
          compile(branch)
          if (otherwise) {
            ends.push(jump(0))
            otherwise(steps.length)
          }
        })
        for (const end of ends) end.first = end.second = steps.length
        return undefined
      }
      case 'repeat':
        return compileRepeat(node)
    }
  }

  function compileRepeat({ node, least, most, greedy }: Extract<Node, { kind: 'repeat' }>): void {
    for (let count = 0; count < least; count++) compile(node)
    if (most === Infinity) {
      const start = steps.length
      const leave = fork(greedy)
      compile(node)
      jump(start)
      leave(steps.length)
    } else {
      const leaves: ((to: number) => void)[] = []
      for (let count = least; count < most; count++) {
        leaves.push(fork(greedy))
        compile(node)
      }
      for (const leave of leaves) leave(steps.length)
    }
  }

  compile({ kind: 'group', node: root, index: 0, name: undefined })
  add({ op: 'end' })
  return { steps, names }
}

interface Thread {
  readonly at: number
  /** Where the groups begin and end, two slots each. */
  readonly slots: readonly number[]
}

/** Walks the text once with all threads side by side, the preferred first; at each place a step is entered once. */
function run({ steps, names }: Program, text: string, keep = true): Map<string, string> | undefined {
  const characters = Array.from(text)
  const entered = new Int32Array(steps.length).fill(-1)
  let threads: Thread[] = []

  /** Follows all steps that take no character. */
  const enter = (into: Thread[], thread: Thread, place: number) => {
    const stack = [thread]
    for (let next = stack.pop(); next; next = stack.pop()) {
      const { at, slots } = next
      if (entered[at] === place) continue
      entered[at] = place
      const step = steps[at] as Step
      if (step.op === 'split') {
        stack.push({ at: step.second, slots }, { at: step.first, slots })
      } else if (step.op === 'save') stack.push({ at: at + 1, slots: keep ? set(slots, step.slot, place) : slots })
      else if (step.op !== 'place') into.push(next)
      else if (step.test(characters[place - 1], characters[place])) stack.push({ at: at + 1, slots })
    }
  }

  enter(threads, { at: 0, slots: [] }, 0)
  for (let place = 0; place < characters.length && threads.length > 0; place++) {
    const next: Thread[] = []
    for (const { at, slots } of threads) {
      const step = steps[at] as Step
      if (step.op === 'character' && step.test(characters[place] as string)) enter(next, { at: at + 1, slots }, place + 1)
    }
    threads = next
  }
  const ended = threads.find(({ at }) => steps[at]?.op === 'end')
  return ended && groupsOf(ended.slots, names, characters)
}

function set(slots: readonly number[], slot: number, place: number): number[] {
  const copy = [...slots]
  copy[slot] = place
  return copy
}

function groupsOf(slots: readonly number[], names: readonly (string | undefined)[], characters: readonly string[]): Map<string, string> {
  const groups = new Map<string, string>()
  names.forEach((name, index) => {
    const [start, end] = [slots[index * 2], slots[index * 2 + 1]]
    const text = start === undefined || end === undefined ? '' : characters.slice(start, end).join('')
    groups.set(String(index), text)
    if (name !== undefined) groups.set(name, text)
  })
  return groups
}
