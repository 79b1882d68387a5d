// Errors named by what the caller must do about them. Every message says what was wrong, where, and the mend.

/** The configuration cannot work: stop and tell the user. */
export class ConfigError extends Error {
  override name = 'ConfigError'
}

/** The peer is gone or was never there: the runner reconnects. */
export class NotConnected extends Error {
  override name = 'NotConnected'
}

/** The peer is there but cannot take or give this now: wait, then try the same again. */
export class RetryLater extends Error {
  override name = 'RetryLater'
  readonly afterMs: number
  constructor(message: string, afterMs = 1000) {
    super(message)
    this.afterMs = afterMs
  }
}

/** More comes than can be taken: slow down, then try the same again. */
export class Overloaded extends RetryLater {
  override name = 'Overloaded'
}

/** This one item will never be accepted: keep it aside and go on with the next. */
export class Rejected extends Error {
  override name = 'Rejected'
}

/** The other side cannot do this at all. */
export class NotSupported extends Error {
  override name = 'NotSupported'
}

/** The plain sentence of anything that was thrown. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '' && error.errors.length > 0) return messageOf(error.errors[0])
  return error instanceof Error ? error.message || error.name : String(error)
}
