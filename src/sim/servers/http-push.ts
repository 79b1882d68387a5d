// Posts a machine's values as JSON to an HTTP address: {"timestamp": ISO 8601, tag: value, …}.
// The last few readings that could not be delivered are kept with their times and sent again, in order.
import { z } from 'zod'
import { messageOf } from '#core/errors.ts'
import { formatTime } from '#core/time.ts'
import { defineProtocol, type ServerContext } from './protocol-server.ts'

const settingsSchema = z.strictObject({ url: z.url({ protocol: /^https?$/, error: 'write the address as http://host:port/push/device' }) })

/** Most readings kept for later; then the oldest is lost. */
export const pendingMax = 120
const timeoutMs = 5000
/** A receiver that is not there yet is worth a word after so many tries, not at once: everything starts together. */
const quietTries = 5

export const httpPushServer = defineProtocol({
  name: 'http',
  settings: settingsSchema,
  create({ url }: z.infer<typeof settingsSchema>, { machine, log }: ServerContext) {
    const counters = { posted: 0, lost: 0, refused: 0 }
    let pending: string[] = []
    let life: AbortController | undefined
    let sending = false
    let failures = 0

    const trouble = (reason: string) => {
      if (++failures === quietTries)
        log.warn(`${machine.path}: cannot post to ${url}: ${reason}; keeps the last ${pendingMax} readings and goes on trying`)
    }

    /** Posts one reading; false when it has to be tried again later. */
    async function post(body: string, signal: AbortSignal): Promise<boolean> {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        redirect: 'error',
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      })
      await response.body?.cancel()
      if (response.ok) {
        counters.posted++
        if (failures >= quietTries) log.info(`${machine.path}: posts to ${url} again`)
        failures = 0
        return true
      }
      trouble(`answer ${response.status}`)
      if (response.status >= 500 || response.status === 408 || response.status === 429) return false
      counters.refused++
      return true
    }

    async function flush(signal: AbortSignal): Promise<void> {
      if (sending) return
      sending = true
      try {
        for (let next = pending[0]; next !== undefined && !signal.aborted; next = pending[0]) {
          if (!(await post(next, signal))) break
          if (pending[0] === next) pending.shift()
        }
      } catch (error) {
        if (!signal.aborted) trouble(messageOf(error instanceof Error && error.cause ? error.cause : error))
      } finally {
        sending = false
      }
    }

    return {
      counters,
      async start() {
        life = new AbortController()
      },
      publish({ time, values }) {
        if (!life) return
        pending.push(JSON.stringify({ timestamp: formatTime(time), ...values }))
        if (pending.length > pendingMax) {
          pending.shift()
          counters.lost++
        }
        void flush(life.signal)
      },
      async stop() {
        life?.abort()
        life = undefined
        counters.lost += pending.length
        pending = []
      },
    }
  },
})
