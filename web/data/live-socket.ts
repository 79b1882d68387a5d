// The app's one live connection, and the hooks that read it.
import ReconnectingWebSocket from 'partysocket/ws'
import { useEffect, useSyncExternalStore } from 'react'
import type { SampleJson } from '#api/schema.ts'
import { Live, type LiveSocketEvents } from './live.ts'

const retryMinMs = 1000
const retryMaxMs = 10_000
const retryGrowth = 1.6
const connectTimeoutMs = 8000
/** A hidden page keeps its subscriptions this long, in case it is only a glance elsewhere. */
const pauseAfterMs = 5000
/** Changed subscriptions are gathered this long into one message. */
const gatherMs = 30

function connect(events: LiveSocketEvents) {
  const url = new URL('/api/v1/live', window.location.href)
  url.protocol = url.protocol.replace('http', 'ws')
  const socket = new ReconnectingWebSocket(url.href, [], {
    minReconnectionDelay: retryMinMs,
    maxReconnectionDelay: retryMaxMs,
    reconnectionDelayGrowFactor: retryGrowth,
    connectionTimeout: connectTimeoutMs,
    maxEnqueuedMessages: 0,
  })
  const lost = () => {
    const delay = socket.retryCount > 0 ? retryMinMs * retryGrowth ** (socket.retryCount - 1) : 0
    events.lost(Math.min(delay, retryMaxMs))
  }
  socket.addEventListener('open', () => events.open())
  socket.addEventListener('close', lost)
  socket.addEventListener('error', lost)
  socket.addEventListener('message', (event) => events.message(String(event.data)))
  return { send: (text: string) => void socket.send(text), reconnect: () => socket.reconnect() }
}

export const live = new Live({
  connect,
  nextFrame: (act) => void requestAnimationFrame(act),
  soon: (act) => void setTimeout(act, gatherMs),
  nowMs: Date.now,
})

let pauseTimer: ReturnType<typeof setTimeout> | undefined
document.addEventListener('visibilitychange', () => {
  clearTimeout(pauseTimer)
  if (document.hidden) pauseTimer = setTimeout(() => live.pause(true), pauseAfterMs)
  else live.pause(false)
})

/** Keeps tags and machines subscribed while the component is mounted. Give the same arrays between renders. */
export function useWanted(tags?: readonly string[], machines?: readonly string[]): void {
  useEffect(() => live.want({ tags: tags ?? [], machines: machines ?? [] }), [tags, machines])
}

/** The live value of a tag, or what the server said before the first one came. Does not subscribe: see `useWanted`. */
export function useLiveSample(tag: string, before: SampleJson | null): SampleJson | null {
  const value = useSyncExternalStore(
    (changed) => live.listen(tag, changed),
    () => live.value(tag),
  )
  if (!value) return before
  return before && before.time > value.time ? before : value
}

export const useConnection = () => useSyncExternalStore(live.listenConnection, live.connection)
/** Changes when there may be a hole in what was received. */
export const useGeneration = () => useSyncExternalStore(live.listenConnection, () => live.connection().generation)
