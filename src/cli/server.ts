// How commands talk to a running Millwright: its HTTP API, with every failure as one plain sentence.
import { InvalidArgumentError, Option } from 'commander'
import type { z } from 'zod'
import { batchType } from '#api/batches/schema.ts'
import { errorSchema } from '#api/schema.ts'
import { messageOf, NotConnected, Rejected, RetryLater } from '#core/errors.ts'

const answerTimeoutMs = 60_000
/** Longest wait that a server's Retry-After can ask for. */
const retryAfterMsMax = 60_000

const serverDefault = 'http://127.0.0.1:8080'
const serversDefault = [serverDefault]

/** `--server URL`, for every command that asks a server. */
export function serverOption(): Option {
  return new Option('--server <url>', 'where Millwright answers').env('MILLWRIGHT_SERVER').default(serverDefault).argParser(serverArgument)
}

/** The same for whoever may send to any of several: said again and again, or separated by commas. */
export function serversOption(): Option {
  return new Option('--server <url>', 'where Millwright answers; say it again for others of the same installation, which are tried in turn')
    .env('MILLWRIGHT_SERVER')
    .default(serversDefault)
    .argParser((text: string, before: string[]) => [
      ...(before === serversDefault ? [] : before),
      ...text.split(',').map((one) => serverArgument(one.trim())),
    ])
}

function serverArgument(text: string): string {
  if (/^https?:$/.test(URL.parse(text)?.protocol ?? '')) return text
  throw new InvalidArgumentError(`write a URL such as ${serverDefault}`)
}

/** The server understood and said no; `status` is that of HTTP. */
export class Refused extends Rejected {
  override name = 'Refused'
  readonly status: number
  constructor(message: string, status: number) {
    super(message)
    this.status = status
  }
}

export interface ServerCall {
  readonly query?: Readonly<Record<string, string | number | readonly string[] | undefined>>
  /** Makes it a POST, of bytes as a batch frame, of anything else as JSON. */
  readonly body?: unknown
  /** GET when absent, and there is no body. */
  readonly method?: 'DELETE'
  readonly signal?: AbortSignal
}

/**
 * Calls `/api/v1/<resource>` and checks the answer's form.
 * Throws `NotConnected` when nobody answers, `RetryLater` for 429 and 503, `Refused` for every other error answer.
 */
export async function callServer<T>(server: string, resource: string, answer: z.ZodType<T>, call: ServerCall = {}): Promise<T> {
  const url = new URL(`api/v1/${resource}`, server.endsWith('/') ? server : `${server}/`)
  for (const [name, value] of Object.entries(call.query ?? {})) if (value !== undefined) url.searchParams.set(name, String(value))
  const timeout = AbortSignal.timeout(answerTimeoutMs)
  const init = {
    signal: call.signal ? AbortSignal.any([call.signal, timeout]) : timeout,
    ...(call.method && { method: call.method }),
    ...(call.body !== undefined && {
      method: 'POST',
      headers: { 'content-type': call.body instanceof Uint8Array ? batchType : 'application/json' },
      body: call.body instanceof Uint8Array ? new Uint8Array(call.body) : JSON.stringify(call.body),
    }),
  }
  let response: Response
  let text: string
  try {
    response = await fetch(urlOf(server, resource, call.query), init)
    text = await response.text()
  } catch (error) {
    throw call.signal?.aborted ? error : new NotConnected(whyUnreachable(server, error))
  }
  const json = parsed(text)
  if (!response.ok) throw refusal(response, json, server)
  const checked = answer.safeParse(json)
  if (checked.success) return checked.data
  throw new Refused(
    `what answers at ${server} is no Millwright of this version (${resource}: ${checked.error.issues[0]?.message}); check --server`,
    response.status,
  )
}

/** GETs `/api/v1/<resource>` and hands on the body as it comes. Throws as `callServer` until it begins; what breaks later, reading throws. */
export async function download(server: string, resource: string, { query, signal }: ServerCall): Promise<AsyncIterable<Uint8Array>> {
  let response: Response
  try {
    response = await fetch(urlOf(server, resource, query), signal ? { signal } : {})
  } catch (error) {
    throw signal?.aborted ? error : new NotConnected(whyUnreachable(server, error))
  }
  if (!response.ok || !response.body) throw refusal(response, parsed(await response.text()), server)
  return response.body
}

function urlOf(server: string, resource: string, query: ServerCall['query'] = {}): URL {
  const url = new URL(`api/v1/${resource}`, server.endsWith('/') ? server : `${server}/`)
  for (const [name, value] of Object.entries(query))
    if (typeof value === 'object') for (const one of value) url.searchParams.append(name, one)
    else if (value !== undefined) url.searchParams.set(name, String(value))
  return url
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function refusal(response: Response, json: unknown, server: string): Error {
  const told = errorSchema.safeParse(json)
  const message = told.success ? told.data.message : `${server} answered ${response.status} ${response.statusText}`.trimEnd()
  if (response.status !== 429 && response.status !== 503) return new Refused(message, response.status)
  return new RetryLater(message, retryAfterMs(response.headers.get('retry-after')))
}

/** A Retry-After header (seconds or an HTTP date, RFC 9110 §10.2.3) in milliseconds; one second without it. */
export function retryAfterMs(header: string | null, nowMs = Date.now()): number {
  if (header === null) return 1000
  const waitMs = /^\s*\d+\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - nowMs
  return Number.isNaN(waitMs) ? 1000 : Math.min(Math.max(waitMs, 0), retryAfterMsMax)
}

function whyUnreachable(server: string, error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const code = codeOf(cause)
  if (code === 'ECONNREFUSED')
    return `nothing answers at ${server}: start Millwright there ("millwright start"), or name another place with --server`
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `no host is known by the name in ${server}; check --server`
  if (cause instanceof DOMException && cause.name === 'TimeoutError') return `${server} did not answer within ${answerTimeoutMs / 1000} s`
  return `the connection to ${server} failed: ${messageOf(cause)}`
}

function codeOf(error: unknown): string | undefined {
  const inner = error instanceof AggregateError ? (error.errors[0] as unknown) : error
  return (inner as NodeJS.ErrnoException | undefined)?.code
}
