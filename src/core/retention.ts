// How long what is stored is kept, per tag and tier.
import { z } from 'zod'
import { messageOf } from './errors.ts'
import type { TagPath } from './path.ts'
import { tagPattern } from './tag-pattern.ts'

const error = 'write a number of days above zero, or forever'
const days = z.union([z.number().positive({ error }), z.literal('forever')], { error })

const patternSchema = z.string().superRefine((pattern, context) => {
  try {
    tagPattern(pattern)
  } catch (error) {
    context.addIssue({ code: 'custom', message: messageOf(error) })
  }
})

/** For the tags of a pattern, days before a tag's newest sample that each tier is kept; what is not said is as by default. */
const ruleSchema = z.strictObject({
  tags: patternSchema,
  /** Samples as they came. */
  raw: days.optional(),
  /** One-minute summaries. */
  minutes: days.optional(),
  /** One-hour summaries, of which days are made. */
  hours: days.optional(),
})

/** The first rule whose pattern fits a tag holds. */
export const retentionRulesSchema = z.array(ruleSchema).max(1000)
export type RetentionRules = z.infer<typeof retentionRulesSchema>

/** Days that each tier of a tag is kept; Infinity: for ever. */
export interface KeepDays {
  readonly raw: number
  readonly minutes: number
  readonly hours: number
}

export const keepDaysDefault: KeepDays = { raw: 30, minutes: 365, hours: Infinity }

/** What the rules say of a tag. */
export function retentionOf(rules: RetentionRules): (path: TagPath) => KeepDays {
  const compiled = rules.map(({ tags, ...keep }) => ({ fits: tagPattern(tags), keep }))
  const daysOf = (given: number | 'forever' | undefined, otherwise: number) =>
    given === undefined ? otherwise : given === 'forever' ? Infinity : given
  return (path) => {
    const rule = compiled.find(({ fits }) => fits(path))?.keep
    return {
      raw: daysOf(rule?.raw, keepDaysDefault.raw),
      minutes: daysOf(rule?.minutes, keepDaysDefault.minutes),
      hours: daysOf(rule?.hours, keepDaysDefault.hours),
    }
  }
}
