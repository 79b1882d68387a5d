// Why the network failed, in words a technician understands.
import { messageOf } from '#core/errors.ts'

const reasons: Record<string, string> = {
  ECONNREFUSED: 'nothing listens there; is the device on and the port right?',
  EHOSTUNREACH: 'there is no route to the host',
  ENETUNREACH: 'there is no route to the network',
  ENOTFOUND: 'the host name is unknown',
  EAI_AGAIN: 'the host name cannot be looked up now',
  ECONNRESET: 'the other side reset the connection',
  EPIPE: 'the other side closed the connection',
  ETIMEDOUT: 'the network gave up waiting',
}
const anyCode = new RegExp(Object.keys(reasons).join('|'))

/** The reason behind a system error code, in the error itself or quoted in its message; otherwise the message on one line. */
export function networkReason(error: unknown): string {
  const message = messageOf(error)
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return reasons[code] ?? reasons[anyCode.exec(message)?.[0] ?? ''] ?? message.replaceAll(/\s+/g, ' ').trim()
}
