// Finds the points that a topic's messages are for. Each message is parsed once, by the one reader of all its points.
import type { DriverContext, Point } from '#core/driver.ts'
import { JsonReader } from '#drivers/shared/json-payload.ts'
import type { MqttAddress } from './settings.ts'
import { hasWildcard, matches } from './topic.ts'

/** Topics remembered with their reader; when there are more, all are forgotten and found again. */
const topicsRemembered = 10_000

export class TopicRouter {
  /** The distinct topics and filters of all points. */
  readonly filters: readonly string[]
  #points: readonly Point<MqttAddress>[]
  #context: Pick<DriverContext, 'clock' | 'sink'>
  #byTopic = new Map<string, number[]>()
  #byPattern = new Map<string, { levels: string[]; indexes: number[] }>()
  #known = new Map<string, JsonReader>()
  #readers = new Map<string, JsonReader>()

  constructor(points: readonly Point<MqttAddress>[], context: Pick<DriverContext, 'clock' | 'sink'>) {
    this.#points = points
    this.#context = context
    for (const [index, { address }] of points.entries()) {
      const { topic } = address
      if (hasWildcard(topic)) {
        const pattern = this.#byPattern.get(topic) ?? { levels: topic.split('/'), indexes: [] }
        this.#byPattern.set(topic, pattern)
        pattern.indexes.push(index)
      } else {
        const indexes = this.#byTopic.get(topic) ?? []
        this.#byTopic.set(topic, indexes)
        indexes.push(index)
      }
    }
    this.filters = [...this.#byTopic.keys(), ...this.#byPattern.keys()]
  }

  /** The reader of a topic's messages, or undefined when no point wants them. */
  reader(topic: string): JsonReader | undefined {
    const known = this.#known.get(topic)
    if (known) return known
    const indexes = this.#indexes(topic)
    if (indexes.length === 0) return undefined
    if (this.#known.size >= topicsRemembered) {
      this.#known.clear()
      this.#readers.clear()
    }
    const key = indexes.join()
    const reader = this.#readers.get(key) ?? new JsonReader(this.#points, indexes, this.#context)
    this.#readers.set(key, reader)
    this.#known.set(topic, reader)
    return reader
  }

  /** The points whose topic is exactly this filter. */
  pointsOf(filter: string): readonly number[] {
    return this.#byTopic.get(filter) ?? this.#byPattern.get(filter)?.indexes ?? []
  }

  #indexes(topic: string): number[] {
    const exact = this.#byTopic.get(topic) ?? []
    if (this.#byPattern.size === 0) return exact
    const levels = topic.split('/')
    const patterns = [...this.#byPattern.values()].filter((pattern) => matches(pattern.levels, levels))
    return [...exact, ...patterns.flatMap(({ indexes }) => indexes)]
  }
}
