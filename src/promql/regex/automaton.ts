// Tells whether texts match a program, with what earlier texts have shown: a set of ways through it is a state, and where a character leads from
// there is remembered. A text then costs one look-up per character.
import type { Program } from './program.ts'

interface State {
  /** Steps that wait for a character. */
  readonly waiting: readonly number[]
  /** The text may end here. */
  readonly ends: boolean
  readonly next: Map<string, State>
}

/** Most transitions remembered; beyond it everything is forgotten. */
const transitionsMax = 20_000

/** For programs without places such as \b, where what matches depends on the neighbours. */
export function createAutomaton({ steps }: Program): (text: string) => boolean {
  let states = new Map<string, State>()
  let transitions = 0
  let start = stateOf([0])

  /** The state of being at any of these steps, and at all that follow without a character. */
  function stateOf(entered: readonly number[]): State {
    const seen = new Set<number>()
    const stack = [...entered]
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      if (seen.has(at)) continue
      seen.add(at)
      const step = steps[at]
      if (step?.op === 'split') stack.push(step.first, step.second)
      else if (step?.op === 'save') stack.push(at + 1)
    }
    const waiting = [...seen].filter((at) => steps[at]?.op === 'character').toSorted((a, b) => a - b)
    const ends = seen.has(steps.length - 1)
    const key = `${waiting.join()}${ends ? '.' : ''}`
    const state = states.get(key) ?? { waiting, ends, next: new Map() }
    states.set(key, state)
    return state
  }

  function follow(state: State, character: string): State {
    const reached = state.waiting.filter((at) => {
      const step = steps[at]
      return step?.op === 'character' && step.test(character)
    })
    if (++transitions > transitionsMax) {
      states = new Map()
      transitions = 0
      start = stateOf([0])
    }
    const next = stateOf(reached.map((at) => at + 1))
    state.next.set(character, next)
    return next
  }

  return (text) => {
    let state = start
    for (const character of text) {
      state = state.next.get(character) ?? follow(state, character)
      if (state.waiting.length === 0 && !state.ends) return false
    }
    return state.ends
  }
}
