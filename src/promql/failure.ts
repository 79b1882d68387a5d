// Why a query has no answer. What its text shows is `Rejected`, with the position; what only its evaluation shows is one of these.
import { Rejected } from '#core/errors.ts'

/** The query is well formed, but its data has no answer or a limit is hit. */
export class NotEvaluated extends Rejected {
  override name = 'NotEvaluated'
}

/** The query was under way for longer than it may be. */
export class TookTooLong extends Rejected {
  override name = 'TookTooLong'
}

/** For what is wrong at offset `at` of the query's text. */
export const refusal = (what: string, at: number) => new Rejected(`${what}, at character ${at + 1} of the query`)
