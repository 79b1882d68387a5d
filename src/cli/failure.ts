// How a command ends when something goes wrong: one plain sentence; the stack only for those who ask for it.
import { ConfigError, messageOf, NotConnected, NotSupported, Rejected, RetryLater } from '#core/errors.ts'
import { note } from './output.ts'

const foreseen = [ConfigError, NotConnected, NotSupported, Rejected, RetryLater]

/** Whether an error says itself what the user can do. */
export const isForeseen = (error: unknown): boolean => foreseen.some((kind) => error instanceof kind)

/** Prints what went wrong and makes the process exit with 1. Shows the stack with MILLWRIGHT_DEBUG=1. */
export function reportFailure(error: unknown): void {
  process.exitCode = 1
  if (process.env['MILLWRIGHT_DEBUG'] === '1' && error instanceof Error) return note(error.stack ?? error.message)
  note(`millwright: ${messageOf(error)}`)
  const systemCode = (error as NodeJS.ErrnoException | undefined)?.code
  if (systemCode === undefined && !isForeseen(error))
    note('This should not have happened; MILLWRIGHT_DEBUG=1 before the command shows where it did.')
}
