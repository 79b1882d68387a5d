// Labels of a series: sorted by name, never with an empty value, for in PromQL an empty label and none are the same.
export type Labels = ReadonlyMap<string, string>

/** The label that holds the metric's name. */
export const metricName = '__name__'

export const labelNamePattern = /^[a-zA-Z_][a-zA-Z0-9_]*$/

export function labelsOf(entries: Iterable<readonly [name: string, value: string]>): Labels {
  return new Map([...new Map(entries)].filter(([, value]) => value !== '').toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

export const onlyLabels = (labels: Labels, names: readonly string[]): Labels =>
  new Map(labels.entries().filter(([name]) => names.includes(name)))

export const withoutLabels = (labels: Labels, names: readonly string[]): Labels =>
  new Map(labels.entries().filter(([name]) => !names.includes(name)))

export const withoutName = (labels: Labels): Labels => (labels.has(metricName) ? withoutLabels(labels, [metricName]) : labels)

/** Equal for equal labels, and only for them. */
export const keyOf = (labels: Labels): string => JSON.stringify([...labels])

/** As PromQL writes them. */
export function labelsText(labels: Labels): string {
  const pairs = withoutName(labels).entries()
  return `${labels.get(metricName) ?? ''}{${[...pairs].map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(', ')}}`
}
