import { z } from 'zod'
import { kinds } from '#core/tag.ts'
import { sampleSchema } from '#api/schema.ts'

export const tagsQuerySchema = z.object({ machine: z.string().optional() })
export const tagDeleteQuerySchema = z.object({ tag: z.string() })
export const tagListSchema = z.array(
  z.object({ path: z.string(), kind: z.enum(kinds), unit: z.string().nullable(), latest: sampleSchema.nullable() }),
)
export type TagList = z.infer<typeof tagListSchema>
