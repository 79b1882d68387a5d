// While there is no sign-in, only this machine's own pages and programs get an answer: a foreign page in a local browser
// (by Origin) and a foreign name that points here (by Host, DNS rebinding) do not.
import type { FastifyReply, FastifyRequest } from 'fastify'

const ownNames = new Set(['localhost', '127.0.0.1', '[::1]'])

export async function loopbackGuard(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const { host, origin } = request.headers
  if (isOwn(`http://${host ?? ''}`) && (origin === undefined || isOwn(origin))) return
  await reply
    .code(403)
    .send({ error: 'forbidden', message: 'this server answers on its own machine only: use http://127.0.0.1 or http://localhost' })
}

function isOwn(address: string): boolean {
  return URL.canParse(address) && ownNames.has(new URL(address).hostname)
}
