// The form of Prometheus' HTTP API: parameters in the address or in a form that is posted, errors as {status, errorType, error}.
import type { FastifyError } from 'fastify'
import type { ApiScope } from '#api/context.ts'
import { answerError } from '#api/errors.ts'
import { NotEvaluated, TookTooLong } from '#promql/failure.ts'

const errorTypes: Record<number, string> = { 400: 'bad_data', 404: 'not_found', 422: 'execution', 500: 'internal', 503: 'unavailable' }

/** Makes a scope of routes take and answer in this form. */
export function usePrometheusForm(scope: ApiScope): void {
  scope.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, async (_request: unknown, body: string) =>
    parametersOf(body),
  )
  // What is posted adds to what the address says.
  scope.addHook('preValidation', async (request) => {
    if (request.method === 'POST') request.body = { ...(request.query as object), ...(request.body as object | undefined) }
  })
  scope.setErrorHandler((error: FastifyError, request, reply) => {
    const failure = (code: number, errorType: string, message: string) =>
      void reply.code(code).send({ status: 'error', errorType, error: message })
    if (error instanceof TookTooLong) return failure(503, 'timeout', error.message)
    if (error instanceof NotEvaluated) return failure(422, 'execution', error.message)
    return answerError(error, request, reply)
  })
  scope.addHook('preSerialization', async (_request, reply, payload) => {
    const { error, message } = payload as { error?: string; message?: string }
    if (reply.statusCode < 400 || error === undefined || message === undefined) return payload
    return { status: 'error', errorType: errorTypes[reply.statusCode] ?? 'bad_data', error: message }
  })
}

/** A posted form; what is given several times becomes a list. */
function parametersOf(form: string): Record<string, string | string[]> {
  const given = Map.groupBy(new URLSearchParams(form), ([name]) => name)
  return Object.fromEntries(
    [...given].map(([name, pairs]) => [name, pairs.length === 1 ? (pairs[0]?.[1] as string) : pairs.map(([, value]) => value)]),
  )
}
