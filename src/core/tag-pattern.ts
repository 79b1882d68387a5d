// Patterns over tag paths: `*` stands for anything within a level, `**` for any number of levels, none too.
// `site/*/press-*/**` are all tags of all presses of a site.
import { ConfigError } from './errors.ts'
import { pathLengthMax, pathSegmentsMax } from './path.ts'

const segmentPattern = /^[\p{L}\p{N}*][\p{L}\p{N} ._:()%*-]*$/u
const segmentLettersMax = 64

/** Why no tag path can ever match a pattern, or undefined when one can. */
export function tagPatternFault(pattern: string): string | undefined {
  const segments = pattern.split('/')
  const named = segments.filter((segment) => segment !== '**')
  if (pattern.length > pathLengthMax) return `the pattern is longer than ${pathLengthMax} characters`
  const joined = named.find((segment) => segment.includes('**'))
  if (joined !== undefined)
    return `"${joined}" in "${pattern}" mixes ** with other characters: ** stands alone between slashes, as in **/${joined.replaceAll(/\*{2,}/g, '*')}`
  if (named.length > pathSegmentsMax || (segments.length === 1 && named.length === 1))
    return `"${pattern}" has ${named.length} level${named.length === 1 ? '' : 's'}, and a tag path 2 to ${pathSegmentsMax}: write ** for any number of levels, as in **/pressure`
  const wrong = named.find((segment) => !segmentPattern.test(segment) || segment.endsWith(' ') || lettersOf(segment) > segmentLettersMax)
  if (wrong !== undefined)
    return `"${wrong}" in "${pattern}" matches no level of a path: write letters, digits, space . _ : ( ) % -, with * for anything within the level`
  return undefined
}

const lettersOf = (segment: string) => segment.replaceAll('*', '').length

/** The test that a pattern stands for; upper and lower case differ. Throws `ConfigError` for a pattern that can match nothing. */
export function tagPattern(pattern: string): (path: string) => boolean {
  const fault = tagPatternFault(pattern)
  if (fault !== undefined) throw new ConfigError(fault)
  const levels = pattern.split('/')
  return (path) => fits(levels, path.split('/'), '**', levelFits)
}

const levelFits = (pattern: string, level: string) => fits(pattern.split(''), level.split(''), '*', (wanted, letter) => wanted === letter)

/**
 * Whether items fit a pattern in which `wild` stands for any number of them. Going back to the newest `wild` alone is enough,
 * so that no pattern takes longer than its length times that of the items.
 */
function fits(pattern: readonly string[], items: readonly string[], wild: string, fit: (wanted: string, item: string) => boolean): boolean {
  let at = 0
  let wildAt = -1
  let taken = 0
  for (let item = 0; item < items.length; ) {
    if (pattern[at] === wild) {
      wildAt = at++
      taken = item
    } else if (at < pattern.length && fit(pattern[at] as string, items[item] as string)) {
      at++
      item++
    } else if (wildAt >= 0) {
      at = wildAt + 1
      item = ++taken
    } else return false
  }
  while (pattern[at] === wild) at++
  return at === pattern.length
}
