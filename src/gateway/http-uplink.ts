// The uplink across a network: HTTP(S) to a Millwright server, or to whichever of several of one installation takes what is sent, with the
// gateway's token. Which of them it was does not matter: what arrives twice is recognised behind them.
import { z } from 'zod'
import { messageOf, NotConnected, Rejected, RetryLater, ConfigError } from '#core/errors.ts'
import { encodeFrameList, frameListType } from '#core/frame-list.ts'
import { sendResultSchema, type Uplink } from '#core/uplink.ts'

const requestTimeoutMs = 30_000
const answerSchema = z.object({ results: z.array(sendResultSchema) })
type Request = [path: string, type: string, body: string | Uint8Array<ArrayBuffer>, headers?: Record<string, string>]

export interface HttpUplinkOptions {
  /** Addresses, at least one, e.g. `https://millwright.example:8080`. */
  readonly servers: readonly string[]
  readonly token: string
}

export function createHttpUplink({ servers, token }: HttpUplinkOptions): Uplink {
  const bases = servers.map(serverUrl)
  /** The one that took what was sent last. */
  let current = 0

  /** Throws what the last one said when none takes it. */
  async function post<Answer>(read: (answer: unknown, origin: string) => Answer, ...request: Request): Promise<Answer> {
    const first = current
    let failure: unknown
    for (let tried = 0; tried < bases.length; tried++) {
      const index = (first + tried) % bases.length
      const base = bases[index] as URL
      try {
        const answer = read(await postTo(base, ...request), base.origin)
        current = index
        return answer
      } catch (error) {
        if (error instanceof Rejected) throw error
        failure = error
      }
    }
    throw failure
  }

  async function postTo(
    base: URL,
    path: string,
    type: string,
    body: string | Uint8Array<ArrayBuffer>,
    headers: Record<string, string> = {},
  ) {
    let response: Response
    try {
      response = await fetch(new URL(`api/v1/uplink/${path}`, base), {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': type, ...headers },
        body,
        redirect: 'error',
        signal: AbortSignal.timeout(requestTimeoutMs),
      })
    } catch (error) {
      throw new NotConnected(`no answer from ${base.origin}: ${messageOf((error as { cause?: unknown }).cause ?? error)}`)
    }
    const text = await response.text().catch(() => '')
    if (response.ok) return text === '' ? undefined : parseJson(text, base.origin)
    const message = messageIn(text) ?? `${base.origin} answered ${response.status}`
    const retryAfter = Number(response.headers.get('retry-after'))
    if (response.status === 401) throw new NotConnected(`${message}; check --token`)
    if (response.status === 429 || response.status >= 500) throw new RetryLater(message, retryAfter > 0 ? retryAfter * 1000 : 1000)
    throw new Rejected(message)
  }

  return {
    announce: (description) => post(() => {}, 'announce', 'application/json', JSON.stringify(description)),
    send(outbox, frames) {
      const resultsIn = (answer: unknown, origin: string) => {
        const { success, data } = answerSchema.safeParse(answer)
        if (success && data.results.length === frames.length) return data.results
        throw new RetryLater(`${origin} answered something else than one result per frame; is it a Millwright server?`)
      }
      return post(resultsIn, 'frames', frameListType, encodeFrameList(frames), { 'millwright-outbox': outbox })
    },
    report: (report) => post(() => {}, 'report', 'application/json', JSON.stringify(report)),
  }
}

function serverUrl(server: string): URL {
  const url = URL.canParse(server) ? new URL(server) : undefined
  if (url && ['http:', 'https:'].includes(url.protocol)) return new URL(url.pathname.endsWith('/') ? url : `${url.href}/`)
  throw new ConfigError(`"${server}" is no server address; write one such as http://192.0.2.10:8080`)
}

function parseJson(text: string, origin: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new RetryLater(`${origin} answered something that is not JSON; is it a Millwright server?`)
  }
}

function messageIn(text: string): string | undefined {
  try {
    const { message } = JSON.parse(text) as { message?: unknown }
    return typeof message === 'string' ? message : undefined
  } catch {
    return undefined
  }
}
