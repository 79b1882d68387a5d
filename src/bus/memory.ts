// The bus of one process: listeners are called in the order they came.
import type { Bus, Topics } from '#core/bus.ts'

type Listeners = { [Topic in keyof Topics]: Set<(message: Topics[Topic]) => void> }

/** Creates a bus; `failed` hears what a listener threw. */
export function createMemoryBus(failed: (error: unknown) => void): Bus {
  const listeners: Listeners = { stored: new Set() }
  return {
    publish(topic, message) {
      for (const listener of listeners[topic]) {
        try {
          listener(message)
        } catch (error) {
          failed(error)
        }
      }
    },
    subscribe(topic, listener) {
      listeners[topic].add(listener)
      return () => listeners[topic].delete(listener)
    },
  }
}
