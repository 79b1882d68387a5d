// A device that sends a counter again and again: each sample with its own time, until somebody has confirmed it.
import { setTimeout as wait } from 'node:timers/promises'
import { systemClock } from '#core/clock.ts'
import { formatTime, type Micros } from '#core/time.ts'

export interface Feeder {
  /** What was confirmed so far, per tag: values by their time. */
  readonly confirmed: ReadonlyMap<string, ReadonlyMap<Micros, number>>
  /** Stops when what is under way is confirmed. */
  stop(): Promise<void>
}

export interface Reading {
  readonly tag: string
  readonly time: string
  readonly value: number
}

const periodMs = 20
const retryMs = 100

/** Sends one reading per tag some 50 times a second; `send` says whether they are confirmed. */
export function startFeeder(tags: readonly string[], send: (readings: readonly Reading[]) => Promise<boolean>): Feeder {
  const confirmed = new Map(tags.map((tag) => [tag, new Map<Micros, number>()]))
  const stopping = new AbortController()
  const run = async () => {
    for (let value = 0; !stopping.signal.aborted; value++) {
      const time = systemClock.now()
      const readings = tags.map((tag) => ({ tag, time: formatTime(time), value }))
      while (!(await send(readings).catch(() => false))) await wait(retryMs)
      for (const tag of tags) confirmed.get(tag)?.set(time, value)
      await wait(periodMs)
    }
  }
  const running = run()
  return {
    confirmed,
    async stop() {
      stopping.abort()
      await running
    },
  }
}

const timeoutMs = 10_000

/** Posts JSON and says whether the answer was good. */
export async function confirms(url: string, body: unknown): Promise<boolean> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(timeoutMs),
  })
  await answer.text()
  return answer.ok
}
