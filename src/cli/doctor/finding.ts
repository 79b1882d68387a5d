// What one check found.

export interface Finding {
  readonly level: 'ok' | 'warn' | 'fail'
  /** What was looked at and how it is, in one sentence. */
  readonly text: string
  /** What to do about it. */
  readonly mend?: string
}
