// Walks a program through a text with all its ways side by side, and tells what the groups matched (Pike's machine).
import type { Program, Step } from './program.ts'

interface Thread {
  readonly at: number
  /** Where the groups begin and end, two slots each. */
  readonly slots: readonly number[]
}

/** What the groups matched, by number and name; undefined when the whole text does not match. Takes time proportional to text × program. */
export function run({ steps, names }: Program, text: string): Map<string, string> | undefined {
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
      } else if (step.op === 'save') stack.push({ at: at + 1, slots: set(slots, step.slot, place) })
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
