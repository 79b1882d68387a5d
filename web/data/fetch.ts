// Asks the server for JSON, and says plainly what failed when it fails.
import type { z } from 'zod'
import type { errorSchema } from '#api/schema.ts'

const timeoutMs = 20_000

/** `status` 0 means that no answer came at all. */
export class RequestFailed extends Error {
  override name = 'RequestFailed'
  readonly status: number
  constructor(message: string, status: number) {
    super(message)
    this.status = status
  }
}

export type Parameters = Record<string, string | number | readonly string[] | undefined>

/** A path below /api/v1 with its query; array parameters are repeated. */
export function apiUrl(path: string, parameters: Parameters = {}): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters))
    if (typeof value === 'object') for (const item of value) query.append(name, item)
    else if (value !== undefined) query.set(name, String(value))
  const text = query.toString()
  return `/api/v1/${path.split('/').map(encodeURIComponent).join('/')}${text && `?${text}`}`
}

/** The response when it is a success; throws `RequestFailed` otherwise. */
export async function request(url: string, init: RequestInit = {}): Promise<Response> {
  const timeout = AbortSignal.timeout(timeoutMs)
  const signal = init.signal ? AbortSignal.any([init.signal, timeout]) : timeout
  const response = await fetch(url, { ...init, signal }).catch((error: unknown) => {
    if (init.signal?.aborted) throw error
    const why = timeout.aborted ? `did not answer within ${timeoutMs / 1000} seconds` : 'cannot be reached'
    throw new RequestFailed(`The server ${why}.`, 0)
  })
  if (response.ok) return response
  const body = (await response.json().catch(() => undefined)) as z.infer<typeof errorSchema> | undefined
  throw new RequestFailed(body?.message ?? `The server answered ${response.status} ${response.statusText}.`, response.status)
}

/** The server is our own, built with the same schemas, so its answer is trusted to be of type `Answer`. */
export async function getJson<Answer>(path: string, parameters?: Parameters, signal?: AbortSignal): Promise<Answer> {
  const response = await request(apiUrl(path, parameters), signal ? { signal } : {})
  return (await response.json()) as Answer
}

export async function postJson<Answer>(path: string, body: unknown): Promise<Answer> {
  const response = await request(apiUrl(path), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return (await response.json()) as Answer
}
