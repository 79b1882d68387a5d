import { z } from 'zod'
import { timeText } from '#api/schema.ts'

export const backupRequestSchema = z.strictObject({
  /** A new or empty folder on the server's machine, with its whole path. */
  folder: z.string().min(1).max(4096),
})

/** Bytes, of the files or as far as it has come. */
const bytes = z.number()

/** How far a backup is, or how the last one since the server started has ended. */
export const backupStateSchema = z.discriminatedUnion('state', [
  z.object({ state: z.literal('none') }),
  z.object({
    state: z.literal('running'),
    folder: z.string(),
    since: timeText,
    /** First all is copied, then what was written is read again for its checksums. */
    doing: z.enum(['copying', 'checking']),
    bytes,
    /** About, while copying. */
    bytesTotal: bytes,
  }),
  z.object({
    state: z.literal('done'),
    folder: z.string(),
    since: timeText,
    seconds: z.number(),
    files: z.number(),
    bytes,
    /** What is not in it, in plain words. */
    notes: z.array(z.string()),
  }),
  z.object({ state: z.literal('failed'), folder: z.string(), since: timeText, message: z.string() }),
])
export type BackupState = z.infer<typeof backupStateSchema>
