// Errors as answers: a status, a short name, and one sentence with the mend. Nothing of the inside leaves the house.
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'
import { messageOf, Overloaded, Rejected, RetryLater } from '#core/errors.ts'

/** Thrown by routes for what does not exist. */
export class NotFound extends Error {
  override name = 'NotFound'
}

/** Thrown for bodies that are not what the route takes. */
export class Malformed extends Error {
  override name = 'Malformed'
}

/** Thrown for bodies beyond their bound, as sent or when unpacked. */
export class TooLarge extends Error {
  override name = 'TooLarge'
}

/** Thrown for bodies in a form that is not taken. */
export class NotTaken extends Error {
  override name = 'NotTaken'
}

/** What an error is to whoever asked. */
export interface Problem {
  readonly status: number
  readonly error: string
  readonly message: string
  /** When the same may be tried again. */
  readonly retryAfterS?: number
}

export function answerError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const { error: name, message } = beginAnswer(problemOf(error, request), reply)
  reply.send({ error: name, message })
}

/** Sets an answer's status and headers; what it says is left to the caller. */
export function beginAnswer(problem: Problem, reply: FastifyReply): Problem {
  reply.code(problem.status)
  if (problem.retryAfterS !== undefined) reply.header('retry-after', String(problem.retryAfterS))
  return problem
}

export function problemOf(error: FastifyError, request: FastifyRequest): Problem {
  const { message } = error
  if (error instanceof NotFound) return { status: 404, error: 'notFound', message }
  if (error instanceof Rejected) return { status: 400, error: 'rejected', message }
  if (error instanceof RetryLater) {
    const retryAfterS = Math.ceil(error.afterMs / 1000)
    return error instanceof Overloaded
      ? { status: 429, error: 'overloaded', message, retryAfterS }
      : { status: 503, error: 'retryLater', message, retryAfterS }
  }
  if (error instanceof Malformed) return { status: 400, error: 'badRequest', message }
  if (error instanceof TooLarge) return { status: 413, error: 'tooLarge', message }
  if (error instanceof NotTaken) return { status: 415, error: 'badRequest', message }
  if (hasZodFastifySchemaValidationErrors(error)) {
    const sentences = error.validation.map(
      ({ instancePath, message }) => `${instancePath.replace(/^\//, '').replaceAll('/', '.') || error.validationContext}: ${message}`,
    )
    return { status: 400, error: 'badRequest', message: sentences.slice(0, 5).join('; ') }
  }
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return {
      status: 413,
      error: 'tooLarge',
      message: `the body is larger than ${request.routeOptions.bodyLimit} bytes; send it in parts`,
    }
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    const type = request.headers['content-type'] ?? ''
    return { status: 415, error: 'badRequest', message: `a body of type "${type}" is not taken here; send application/json` }
  }
  const status = error.statusCode ?? 500
  if (status < 500) return { status, error: 'badRequest', message: messageOf(error) }
  request.log.error(error)
  return { status: 500, error: 'internal', message: 'something failed inside; the log has the details' }
}
