// What an error of PostgreSQL means to whoever writes rows.
import { DatabaseError } from 'pg'
import { messageOf, RetryLater } from '#core/errors.ts'

/**
 * Connection, lack of something, an operator's doing, input and output, deadlock, a lock not to be had; and tables, or the partition of a day,
 * that somebody dropped: they are made anew (PostgreSQL's manual, appendix A).
 */
const passing = /^(08|53|57|58|40)...$|^(55P03|3F000|42P01|23514)$/
const unique = '23505'

export const isUniqueViolation = (error: unknown): boolean => error instanceof DatabaseError && error.code === unique

/** `RetryLater` for what passes, also a server that is away; everything else as it came. */
export function failure(error: unknown, doing: string): unknown {
  const passes =
    error instanceof DatabaseError
      ? passing.test(error.code ?? '')
      : /^E[A-Z]+$/.test((error as NodeJS.ErrnoException | undefined)?.code ?? '') || /connect|timeout/i.test(messageOf(error))
  return passes ? new RetryLater(`${doing}: ${messageOf(error)}; check PostgreSQL, and try again`) : error
}
