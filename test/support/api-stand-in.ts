// A small HTTP server that answers as the API's schemas say, for tests of whoever calls the API; a test scripts single answers.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { z } from 'zod'
import { postedSampleSchema, postedSamplesSchema, type postResultSchema } from '#api/samples/schema.ts'

export interface ApiCall {
  readonly method: string
  /** Below /api/v1/, without the query. */
  readonly resource: string
  readonly query: URLSearchParams
  readonly body: unknown
}

/** What to answer; `hangUp` breaks the connection instead. */
export interface ApiAnswer {
  readonly status?: number
  readonly headers?: Record<string, string>
  readonly body?: unknown
  readonly hangUp?: boolean
}

export interface ApiStandIn {
  readonly url: string
  readonly calls: ApiCall[]
  /** What was accepted by POST /samples, in order. */
  readonly samples: z.infer<typeof postedSampleSchema>[]
  close(): Promise<void>
}

/** Starts on a free loopback port. `answer` may answer a call; else /health and POST /samples work and the rest is 404. */
export async function startApiStandIn(answer: (call: ApiCall) => ApiAnswer | undefined = () => undefined): Promise<ApiStandIn> {
  const calls: ApiCall[] = []
  const samples: ApiStandIn['samples'] = []
  const server = createServer(async (request, response) => {
    const call = await readCall(request)
    calls.push(call)
    send(response, answer(call) ?? usualAnswer(call, samples))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    calls,
    samples,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function readCall(request: IncomingMessage): Promise<ApiCall> {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  const url = new URL(request.url ?? '/', 'http://localhost')
  const resource = url.pathname.replace(/^\/api\/v1\//, '')
  return { method: request.method ?? '', resource, query: url.searchParams, body: text === '' ? undefined : JSON.parse(text) }
}

function send(response: ServerResponse, { status = 200, headers = {}, body, hangUp }: ApiAnswer): void {
  if (hangUp) return void response.destroy()
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}

function usualAnswer({ method, resource, body }: ApiCall, kept: ApiStandIn['samples']): ApiAnswer {
  if (resource === 'health') return { body: { status: 'ok', version: '0.0.0', uptimeSeconds: 1, checks: [] } }
  if (method === 'POST' && resource === 'samples') return { body: takeSamples(body, kept) }
  return { status: 404, body: { error: 'notFound', message: `there is no ${resource} here` } }
}

function takeSamples(body: unknown, kept: ApiStandIn['samples']): z.infer<typeof postResultSchema> {
  const rejected: { index: number; reason: string }[] = []
  const posted = postedSamplesSchema.parse(body)
  posted.forEach((sample, index) => {
    const { data, error } = postedSampleSchema.safeParse(sample)
    if (data) kept.push(data)
    else rejected.push({ index, reason: error.issues[0]?.message ?? 'not a sample' })
  })
  return { accepted: posted.length - rejected.length, rejected }
}
