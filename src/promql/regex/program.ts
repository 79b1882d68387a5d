// Patterns as steps of a machine that walks through a text (Thompson's construction).
import { Rejected } from '#core/errors.ts'
import type { Node } from './syntax.ts'

export type Step =
  | { readonly op: 'character'; readonly test: (character: string) => boolean }
  | { readonly op: 'place'; readonly test: (before: string | undefined, after: string | undefined) => boolean }
  | { op: 'split'; first: number; second: number }
  | { readonly op: 'save'; readonly slot: number }
  | { readonly op: 'end' }

/** Most parts of a pattern once its repetitions are written out. */
const nodesMax = 20_000

export interface Program {
  readonly steps: readonly Step[]
  readonly names: readonly (string | undefined)[]
}

export function programOf(root: Node): Program {
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
