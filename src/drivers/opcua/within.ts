// A bound for every wait on node-opcua, some of whose calls never end while the connection is down.
import { sleep, type Clock } from '#core/clock.ts'
import { NotConnected } from '#core/errors.ts'

/** The work's result, or `NotConnected` after so long or when the signal aborts. The work itself is left to end or not. */
export async function within<T>(work: Promise<T>, timeoutMs: number, clock: Clock, what: string, signal?: AbortSignal): Promise<T> {
  const settled = new AbortController()
  const given = signal ? AbortSignal.any([signal, settled.signal]) : settled.signal
  work.catch(() => {})
  const late = sleep(clock, timeoutMs, given).then((): never => {
    throw new NotConnected(signal?.aborted ? `${what} was given up` : `${what} took more than ${timeoutMs} ms`)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    late.catch(() => {})
    settled.abort()
  }
}
