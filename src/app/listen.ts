// Where a process answers over HTTP: on this machine only, unless it is told otherwise.
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { ConfigError } from '#core/errors.ts'

export const loopback = '127.0.0.1'

export interface Address {
  readonly host: string
  /** 0 takes any free one. */
  readonly port: number
  /** Names by which others on the network ask; undefined where nobody else may. */
  readonly hostNames: readonly string[] | undefined
}

/** Begins to answer and resolves to the address as a URL; `who` needs the port. Throws `ConfigError`. */
export async function listen(server: FastifyInstance, { host, port }: Pick<Address, 'host' | 'port'>, who: string): Promise<string> {
  try {
    await server.listen({ host, port })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE')
      throw new ConfigError(`port ${port} is taken, and ${who} needs it; choose another with --port or MILLWRIGHT_PORT`)
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
      throw new ConfigError(`${host} is no address of this machine; choose another with --host or MILLWRIGHT_HOST, e.g. 0.0.0.0 for all`)
    throw error
  }
  const address = server.server.address()
  const named = host.includes(':') ? `[${host}]` : host
  return `http://${named}:${typeof address === 'object' && address ? address.port : port}`
}

/** The log of requests: their failures only, unless more is asked for. */
export const requestLog = (log: Logger): Logger => log.child({}, { level: process.env['MILLWRIGHT_LOG'] ?? 'warn' })
