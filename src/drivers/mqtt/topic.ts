// MQTT topics and topic filters (MQTT 3.1.1 §4.7).

/** Most characters of a topic, and most levels (the embedded broker's own bound). */
export const topicLengthMax = 1000
const levelsMax = 100

/** What is wrong with a topic that may hold the wildcards + and #, or undefined when nothing is. */
export function filterFault(filter: string): string | undefined {
  const levels = filter.split('/')
  if (filter.length === 0 || filter.length > topicLengthMax) return `a topic has 1 to ${topicLengthMax} characters`
  if (levels.length > levelsMax) return `the topic has ${levels.length} levels; the most is ${levelsMax}`
  if (filter.includes('\0')) return 'a topic holds no zero character'
  if (filter.startsWith('$share/'))
    return 'a shared subscription gives each reader only some of the messages; write the topic without $share/'
  for (const [index, level] of levels.entries()) {
    if (level.includes('#') && (level !== '#' || index < levels.length - 1))
      return 'the wildcard # stands alone, as the last level: plant/#'
    if (level.includes('+') && level !== '+') return 'the wildcard + stands for a whole level: plant/+/temperature'
  }
  return undefined
}

export const hasWildcard = (filter: string): boolean => /[+#]/.test(filter)

/** Whether a topic is among those that a filter names; a leading wildcard does not match topics that begin with $ (§4.7.2). */
export function matches(filter: readonly string[], topic: readonly string[]): boolean {
  if (topic[0]?.startsWith('$') && (filter[0] === '+' || filter[0] === '#')) return false
  for (const [index, level] of filter.entries()) {
    if (level === '#') return true
    if (index >= topic.length || (level !== '+' && level !== topic[index])) return false
  }
  return filter.length === topic.length
}
