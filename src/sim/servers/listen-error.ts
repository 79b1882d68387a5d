// Says in plain words why a simulated machine cannot have its port.
import { ConfigError, messageOf } from '#core/errors.ts'
import type { ServerContext } from './protocol-server.ts'

export function listenError(error: unknown, port: number, protocol: string, { machine, portOption }: ServerContext): ConfigError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const why =
    code === 'EADDRINUSE'
      ? 'is taken by another program'
      : code === 'EACCES'
        ? 'needs administrator rights'
        : `cannot be used: ${messageOf(error)}`
  return new ConfigError(
    `port ${port} ${why}; the simulated machine ${machine.path} needs it for ${protocol}: free it, or set ${portOption(port)} in the plant file to another one`,
  )
}
