// Tags that a gateway makes from others: the statistics of an array, the spread of an averaging window.
import { arrayStatisticNames } from './array.ts'
import type { Profile } from './profile.ts'
import { averageStatisticNames, type TagDefinition } from './tag.ts'

/** The tags derived from tag `name`, by their full names, e.g. `field.max`. */
export function derivedTags(name: string, definition: TagDefinition): [string, TagDefinition][] {
  const base = { kind: 'number', writable: false, ...(definition.decimals !== undefined && { decimals: definition.decimals }) } as const
  const withUnit = { ...base, ...(definition.unit !== undefined && { unit: definition.unit }) }
  if (definition.kind === 'array')
    return arrayStatisticNames.map((statistic) => [
      `${name}.${statistic}`,
      statistic.startsWith('hotSpot')
        ? { ...base, decimals: 0, description: `${statistic === 'hotSpotRow' ? 'Row' : 'Column'} of the maximum of ${name}` }
        : withUnit,
    ])
  if (definition.average) return averageStatisticNames.map((statistic) => [`${name}.${statistic}`, withUnit])
  return []
}

/** All tags of a machine of this profile: its own and the derived ones; a declared tag wins over a derived one of its name. */
export function tagsOfProfile(profile: Profile): Map<string, TagDefinition> {
  const derived = Object.entries(profile.tags).flatMap(([name, definition]) => derivedTags(name, definition))
  return new Map([...Object.entries(profile.tags), ...derived.filter(([name]) => !Object.hasOwn(profile.tags, name))])
}
