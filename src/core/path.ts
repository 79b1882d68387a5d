// ISA-95 paths: `site/area/line/machine` names a machine, one more segment names a tag of it.
// Small plants may leave levels out: a tag needs at least `machine/tag`.

export type MachinePath = string
export type TagPath = string

export const pathSegmentsMax = 10
export const pathLengthMax = 400

const segment = /^[\p{L}\p{N}][\p{L}\p{N} ._:()%-]{0,63}$/u

/** What is wrong with a path of at least `segmentsMin` segments, or undefined when nothing is. */
export function pathFault(path: string, segmentsMin: number): string | undefined {
  const segments = path.split('/')
  if (path.length > pathLengthMax) return `the path is longer than ${pathLengthMax} characters`
  if (segments.length < segmentsMin || segments.length > pathSegmentsMax)
    return `"${path}" has ${segments.length} segment${segments.length === 1 ? '' : 's'}; write ${segmentsMin} to ${pathSegmentsMax}, as in site/area/line/machine${segmentsMin > 1 ? '/tag' : ''}`
  const wrong = segments.find((part) => !segment.test(part) || part.endsWith(' '))
  if (wrong !== undefined)
    return `"${wrong}" in "${path}" is no path segment: start with a letter or digit, then up to 63 of letters, digits, space . _ : ( ) % -`
  return undefined
}

export const machinePathFault = (path: string) => pathFault(path, 1)
export const tagPathFault = (path: string) => pathFault(path, 2)

/** The machine that a tag belongs to. */
export function machineOf(tag: TagPath): MachinePath {
  return tag.slice(0, tag.lastIndexOf('/'))
}

/** The last segment of a path: a tag's or a machine's own name. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
