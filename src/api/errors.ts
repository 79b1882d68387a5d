// Errors as answers: a status, a short name, and one sentence with the mend. Nothing of the inside leaves the house.
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'
import { messageOf, Rejected, RetryLater } from '#core/errors.ts'

/** Thrown by routes for what does not exist. */
export class NotFound extends Error {
  override name = 'NotFound'
}

export function answerError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  if (error instanceof NotFound) return void reply.code(404).send({ error: 'notFound', message: error.message })
  if (error instanceof Rejected) return void reply.code(400).send({ error: 'rejected', message: error.message })
  if (error instanceof RetryLater)
    return void reply
      .code(503)
      .header('retry-after', String(Math.ceil(error.afterMs / 1000)))
      .send({ error: 'retryLater', message: error.message })
  if (hasZodFastifySchemaValidationErrors(error)) {
    const sentences = error.validation.map(
      ({ instancePath, message }) => `${instancePath.replace(/^\//, '').replaceAll('/', '.') || error.validationContext}: ${message}`,
    )
    return void reply.code(400).send({ error: 'badRequest', message: sentences.slice(0, 5).join('; ') })
  }
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return void reply
      .code(413)
      .send({ error: 'tooLarge', message: `the body is larger than ${request.routeOptions.bodyLimit} bytes; send it in parts` })
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    const type = request.headers['content-type'] ?? ''
    return void reply.code(415).send({ error: 'badRequest', message: `a body of type "${type}" is not taken here; send application/json` })
  }
  const status = error.statusCode ?? 500
  if (status < 500) return void reply.code(status).send({ error: 'badRequest', message: messageOf(error) })
  request.log.error(error)
  reply.code(500).send({ error: 'internal', message: 'something failed inside; the log has the details' })
}
