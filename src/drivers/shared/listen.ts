// Opens a listening TCP port, and says in one plain sentence why it could not be opened.
import type { Server } from 'node:net'
import { NotConnected } from '#core/errors.ts'

export interface ListenAddress {
  readonly host: string
  readonly port: number
}

/** Resolves when the server listens. Throws `NotConnected`: a port that is taken may become free. */
export function listen(server: Server, address: ListenAddress, purpose: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error) => reject(cannotListen(error, address, purpose))
    server.once('error', failed)
    server.listen(address.port, address.host, () => {
      server.off('error', failed)
      resolve()
    })
  })
}

/** Why a port could not be opened, what needs it, and the setting that changes it. */
export function cannotListen(error: NodeJS.ErrnoException, { host, port }: ListenAddress, purpose: string): NotConnected {
  const reasons: Record<string, string> = {
    EADDRINUSE: `port ${port} on ${host} is taken by another program`,
    EACCES: `port ${port} on ${host} may not be opened by this user`,
    EADDRNOTAVAIL: `the address ${host} is not one of this computer's`,
    ENOTFOUND: `the host name ${host} is not known`,
  }
  const reason = reasons[error.code ?? ''] ?? `port ${port} on ${host} could not be opened (${error.message})`
  const setting = error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND' ? 'host' : 'port'
  return new NotConnected(`${reason}; ${purpose} needs it: free it, or change the setting "${setting}" of this connection`)
}
