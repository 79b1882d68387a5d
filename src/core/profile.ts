// A profile: a type of machine. One YAML file in profiles/ says which tags it has, what they mean, how protocols carry them, how it looks.
import { z } from 'zod'
import { pathFault } from './path.ts'
import { tagDefinitionSchema } from './tag.ts'

/** The name of a tag within its machine: one path segment. */
const tagName = z.string().superRefine((name, context) => {
  const fault = name.includes('/') ? `"${name}" holds a "/"; a tag's name is one path segment` : pathFault(name, 1)
  if (fault) context.addIssue({ code: 'custom', message: fault })
})

const color = z.string().regex(/^#[0-9a-f]{6}$/i, 'write a color as #rrggbb')

export const profileSchema = z
  .strictObject({
    /** Equals the file's name. */
    profile: z.string().regex(/^[a-z0-9-]+$/, 'a profile is named in lower-case letters, digits and -'),
    title: z.string(),
    description: z.string().default(''),
    color: color.default('#14b8a6'),
    /** Outline for pictures and the 3-D twin. */
    shape: z.enum(['box', 'cylinder', 'printer', 'pump', 'compressor', 'sensor', 'press', 'device']).default('box'),
    /** Tags shown on cards, the most telling first. */
    metrics: z.array(tagName).max(8).default([]),
    /** A machine of this profile is offline when none of its tags has a new sample for so long. */
    offlineAfterSeconds: z.number().positive().default(30),
    tags: z.record(tagName, tagDefinitionSchema),
    /** Per driver, per tag: the address, in the driver's own terms. `{machine}` stands for the machine's name. */
    maps: z.record(z.string(), z.record(tagName, z.unknown())).default({}),
  })
  .superRefine((profile, context) => {
    profile.metrics.forEach((metric, index) => {
      if (!Object.hasOwn(profile.tags, metric))
        context.addIssue({ code: 'custom', path: ['metrics', index], message: `"${metric}" is not among this profile's tags` })
    })
    for (const [driver, map] of Object.entries(profile.maps))
      for (const tag of Object.keys(map))
        if (!Object.hasOwn(profile.tags, tag))
          context.addIssue({ code: 'custom', path: ['maps', driver, tag], message: `"${tag}" is not among this profile's tags` })
    for (const [name, tag] of Object.entries(profile.tags)) {
      if (tag.kind === 'array' && !tag.shape)
        context.addIssue({ code: 'custom', path: ['tags', name], message: 'an array tag needs its shape, e.g. [100, 100]' })
      if (tag.precision && tag.kind !== 'number' && tag.kind !== 'array')
        context.addIssue({
          code: 'custom',
          path: ['tags', name],
          message: `precision is for numbers and arrays; this tag's kind is ${tag.kind}`,
        })
      if (tag.kind !== 'number' && (tag.average || tag.deadband || tag.limits || tag.range))
        if (tag.kind !== 'array' || tag.average || tag.deadband || tag.limits)
          context.addIssue({
            code: 'custom',
            path: ['tags', name],
            message: `average, deadband, limits and range are for numbers; this tag's kind is ${tag.kind}`,
          })
    }
  })

export type Profile = z.infer<typeof profileSchema>
