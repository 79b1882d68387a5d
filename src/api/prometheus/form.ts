// The form of Prometheus' HTTP API: parameters in the address or in a form that is posted, errors as {status, errorType, error}.
import type { FastifyError } from 'fastify'
import type { ApiScope } from '#api/context.ts'
import { beginAnswer, problemOf, type Problem } from '#api/errors.ts'
import { NotEvaluated, TookTooLong } from '#promql/failure.ts'

const errorTypes: Record<number, string> = { 404: 'not_found', 422: 'execution', 500: 'internal', 503: 'unavailable' }

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
    const { status, message } = beginAnswer(queryProblemOf(error) ?? problemOf(error, request), reply)
    const errorType = error instanceof TookTooLong ? 'timeout' : (errorTypes[status] ?? 'bad_data')
    reply.send({ status: 'error', errorType, error: message })
  })
}

function queryProblemOf(error: Error): Problem | undefined {
  if (error instanceof TookTooLong) return { status: 503, error: 'timeout', message: error.message }
  if (error instanceof NotEvaluated) return { status: 422, error: 'execution', message: error.message }
  return undefined
}

/** A posted form; what is given several times becomes a list. */
function parametersOf(form: string): Record<string, string | string[]> {
  const given = Map.groupBy(new URLSearchParams(form), ([name]) => name)
  return Object.fromEntries(
    [...given].map(([name, pairs]) => [name, pairs.length === 1 ? (pairs[0]?.[1] as string) : pairs.map(([, value]) => value)]),
  )
}
