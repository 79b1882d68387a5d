// The series of a plant: every number or boolean tag that has samples is one. Its labels say where it stands and what it is.
import type { Directory } from '#core/directory.ts'
import { machineOf, nameOf, type TagPath } from '#core/path.ts'
import type { Profile } from '#core/profile.ts'
import type { Store } from '#core/store.ts'
import type { TagDefinition } from '#core/tag.ts'
import type { Budget } from './budget.ts'
import { NotEvaluated } from './failure.ts'
import { labelsOf, metricName, type Labels } from './labels.ts'
import { selects, type Matcher } from './matcher.ts'

export interface TagSeries {
  readonly path: TagPath
  readonly labels: Labels
  readonly definition: TagDefinition | undefined
}

interface Known extends TagSeries {
  readonly profile: Profile | undefined
}

/** Levels above the machine, from the top. */
const levels = ['site', 'area', 'line'] as const

export interface Catalog {
  /** The series that all matchers accept. Throws when there are more than `seriesMax`. */
  select(matchers: readonly Matcher[], budget: Budget, seriesMax?: number): Promise<TagSeries[]>
}

export function createCatalog(store: Pick<Store, 'tags'>, directory: Pick<Directory, 'tag' | 'machine'>): Catalog {
  /** Labels are made once; again when the directory says something new of the tag. */
  const known = new Map<TagPath, Known>()

  function seriesOf(path: TagPath): TagSeries {
    const definition = directory.tag(path)?.definition
    const profile = directory.machine(machineOf(path))?.profile
    const before = known.get(path)
    if (before && before.definition === definition && before.profile === profile) return before
    const series = { path, labels: labelsOfTag(path, definition?.unit, profile?.profile), definition, profile }
    known.set(path, series)
    return series
  }

  return {
    async select(matchers, budget, seriesMax = budget.limits.seriesMax) {
      const found: TagSeries[] = []
      const work = matchers.reduce((sum, { weight }) => sum + weight, workPerSeries)
      let count = 0
      for (const { path, kind } of store.tags()) {
        if (kind !== 'number' && kind !== 'boolean') continue
        count++
        const series = seriesOf(path)
        if (selects(matchers, series.labels) && found.push(series) > seriesMax)
          throw new NotEvaluated(`a selector finds more than ${seriesMax} series; name a machine, a line or a tag in it`)
        const pause = budget.spend(work)
        if (pause) await pause
      }
      // Most of what is remembered is deleted by now.
      if (known.size > 2 * count) known.clear()
      return found
    },
  }
}

/** Looking at one series takes as much as looking at so many samples. */
const workPerSeries = 50

function labelsOfTag(path: TagPath, unit = '', profile = ''): Labels {
  const machine = machineOf(path)
  const above = machine.split('/').slice(0, -1)
  return labelsOf([
    [metricName, metricNameOf(nameOf(path))],
    ['tag', path],
    ['machine', nameOf(machine)],
    ...levels.map((level, index) => [level, above[index] ?? ''] as const),
    ['unit', unit],
    ['profile', profile],
  ])
}

/** A tag's name as Prometheus allows it: field.max becomes field_max, 2nd becomes _2nd. */
export function metricNameOf(name: string): string {
  const allowed = name.replaceAll(/[^a-zA-Z0-9_:]/gu, '_')
  return /^[0-9]/.test(allowed) ? `_${allowed}` : allowed
}
