// A tag: a named value of a machine. Its definition says what the value means; samples carry the value itself.
import { z } from 'zod'
import { roundingTo } from './precision.ts'
import { unitFault } from './unit.ts'

export const kinds = ['number', 'boolean', 'text', 'array'] as const
export type Kind = (typeof kinds)[number]

export const unitSchema = z.string().superRefine((unit, context) => {
  const fault = unitFault(unit)
  if (fault) context.addIssue({ code: 'custom', message: fault })
})

/** Limits in the tag's unit; a value beyond one is out of limits (ISA-18.2 low-low, low, high, high-high). */
export const limitsSchema = z
  .strictObject({
    lowLow: z.number().optional(),
    low: z.number().optional(),
    high: z.number().optional(),
    highHigh: z.number().optional(),
  })
  .refine(
    ({ lowLow, low, high, highHigh }) => ascending([lowLow, low, high, highHigh]),
    'the limits must rise: lowLow < low < high < highHigh',
  )

export type Limits = z.infer<typeof limitsSchema>

function ascending(numbers: (number | undefined)[]): boolean {
  const given = numbers.filter((value) => value !== undefined)
  return given.every((value, index) => index === 0 || value > (given[index - 1] as number))
}

/** Averaging at the gateway: the window closes after `samples` samples or `seconds` seconds, whichever comes first. */
export const averageSchema = z
  .strictObject({
    samples: z.int().min(2).max(100_000).optional(),
    seconds: z.number().positive().max(86_400).optional(),
  })
  .refine((average) => average.samples !== undefined || average.seconds !== undefined, 'say samples, seconds, or both')

export type Average = z.infer<typeof averageSchema>

/** What the averaging window of tag `x` publishes beside its mean: `x.min`, `x.max`, `x.std`. */
export const averageStatisticNames = ['min', 'max', 'std'] as const

export const tagDefinitionSchema = z.strictObject({
  kind: z.enum(kinds).default('number'),
  unit: unitSchema.optional(),
  description: z.string().optional(),
  /** Engineering range [low, high]: values outside it are marked uncertain. */
  range: z
    .tuple([z.number(), z.number()])
    .refine(([low, high]) => low < high, 'the range must rise: [low, high]')
    .optional(),
  /** Decimals worth showing. */
  decimals: z.int().min(0).max(9).optional(),
  /** Values are rounded to multiples of it as soon as they are read, for numbers and arrays; the digits below are taken for noise. */
  precision: z
    .number()
    .positive()
    .refine((precision) => roundingTo(precision) !== undefined, 'write the precision as a decimal of up to 15 places, e.g. 0.01')
    .optional(),
  /** Smallest change worth keeping, in the tag's unit; smaller changes are not recorded. */
  deadband: z.number().positive().optional(),
  average: averageSchema.optional(),
  writable: z.boolean().default(false),
  limits: limitsSchema.optional(),
  /** Shape of an array tag: [rows, columns] or [length]. */
  shape: z.union([z.tuple([z.int().positive()]), z.tuple([z.int().positive(), z.int().positive()])]).optional(),
})

export type TagDefinition = z.infer<typeof tagDefinitionSchema>
