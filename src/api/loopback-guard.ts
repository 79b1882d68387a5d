// While there is no sign-in, a page of somebody else's in a local browser gets no answer: neither one that calls from elsewhere (by Origin)
// nor one whose name points here (by Host, DNS rebinding). Only this machine may ask, unless the server listens to a network.
import { isIP } from 'node:net'
import type { FastifyReply, FastifyRequest } from 'fastify'

const loopbackNames = ['localhost', '127.0.0.1', '[::1]']

/** `hostNames`: by which a network asks, besides addresses; without them only loopback names are answered. */
export function loopbackGuard(hostNames?: readonly string[]): (request: FastifyRequest, reply: FastifyReply) => Promise<void> {
  const names = new Set([...loopbackNames, ...(hostNames ?? [])])
  const mend = hostNames
    ? 'this server does not go by that name: use its address, or add the name to --host-names'
    : 'this server answers on its own machine only: use http://127.0.0.1 or http://localhost'
  return async ({ headers: { host, origin } }, reply) => {
    const asked = nameIn(`http://${host ?? ''}`)
    // A name can be made to point here, an address cannot.
    const isOwn = asked !== undefined && (names.has(asked) || (hostNames !== undefined && isAddress(asked)))
    const from = origin === undefined ? asked : nameIn(origin)
    if (isOwn && from !== undefined && (from === asked || names.has(from))) return
    await reply.code(403).send({ error: 'forbidden', message: mend })
  }
}

const nameIn = (address: string) => (URL.canParse(address) ? new URL(address).hostname : undefined)
const isAddress = (name: string) => isIP(name.replace(/^\[|\]$/g, '')) !== 0
