// Paths into parsed JSON, such as `temperature`, `a.b[0].c` or `["odd name"]`: compiled once per point, followed once per message.
// Only a value's own members are followed, so that nothing of JavaScript's own objects can be reached.

/** Member names and array positions, outermost first; the empty path is the payload itself. */
export type FieldPath = readonly (string | number)[]

/** Most steps in one path. */
const stepsMax = 32

const step = /(?:^|(?<!^)\.)([^.[\]"\s][^.[\]"]*)|\[(\d{1,6})\]|\["((?:[^"\\]|\\.)*)"\]/gy

/** Reads a path, or returns undefined when it is none. */
export function parseFieldPath(text: string): FieldPath | undefined {
  const steps: (string | number)[] = []
  let end = 0
  for (const match of text.matchAll(step)) {
    const [whole, name, position, quoted] = match
    steps.push(name ?? (position === undefined ? String(quoted).replaceAll(/\\(.)/g, '$1') : Number(position)))
    end = match.index + whole.length
  }
  return text.length > 0 && end === text.length && steps.length <= stepsMax ? steps : undefined
}

/** The value at a path, or undefined when the payload has none there. */
export function follow(value: unknown, path: FieldPath): unknown {
  let at = value
  for (const step of path) {
    if (typeof at !== 'object' || at === null || Array.isArray(at) !== (typeof step === 'number') || !Object.hasOwn(at, step))
      return undefined
    at = (at as Record<string | number, unknown>)[step]
  }
  return at
}
