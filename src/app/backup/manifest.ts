// A backup's manifest.json: what made it, when, and every file with its size and checksum.
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { ConfigError, messageOf } from '#core/errors.ts'
import { migrations } from '#database/migrations.ts'
import { outboxVersion } from '#gateway/outbox.ts'
import { schemaVersion } from '#store/embedded/schema.ts'

export const manifestName = 'manifest.json'
const manifestFormat = 1

/** Below the backup's folder, whatever a forged manifest says. */
const filePath = z.string().refine((path) => path.split('/').every((part) => /^[^\\/:\0]+$/.test(part) && part !== '.' && part !== '..'), {
  error: 'is no path below the backup',
})

const manifestSchema = z.object({
  format: z.number(),
  /** The version of the program. */
  millwright: z.string(),
  time: z.string(),
  /** Formats of what is inside. */
  schemas: z.object({ store: z.number(), outbox: z.number(), database: z.string() }),
  files: z.array(z.object({ path: filePath, bytes: z.number(), sha256: z.string() })),
})
export type Manifest = z.infer<typeof manifestSchema>
export type ManifestFile = Manifest['files'][number]

export const presentFormats: Pick<Manifest, 'format' | 'schemas'> = {
  format: manifestFormat,
  schemas: { store: schemaVersion, outbox: outboxVersion, database: Object.keys(migrations).toSorted().at(-1) ?? '' },
}

export const bytesOf = ({ files }: Pick<Manifest, 'files'>): number => files.reduce((sum, { bytes }) => sum + bytes, 0)

/** Throws `ConfigError` when the folder holds no whole backup, or one of a newer Millwright. */
export async function readManifest(folder: string): Promise<Manifest> {
  const file = join(folder, manifestName)
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    const cause = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'it has no manifest.json' : messageOf(error)
    throw new ConfigError(`${folder} is no whole backup: ${cause}; name the folder that "millwright backup" wrote`)
  })
  const { data, error } = manifestSchema.safeParse(parsed(text))
  if (error) {
    const [issue] = error.issues
    throw new ConfigError(`${file} is damaged (${issue?.path.join('.')}: ${issue?.message}); use another backup`)
  }
  const { format, schemas } = data
  const isNewer =
    format > manifestFormat ||
    schemas.store > schemaVersion ||
    schemas.outbox > outboxVersion ||
    (schemas.database !== '' && !(schemas.database in migrations))
  if (isNewer) throw new ConfigError(`${folder} was written by a newer Millwright (${data.millwright}): restore it with that one`)
  return data
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The manifest's line for a file. `read` hears of the bytes as they are read. */
export async function describeFile(folder: string, path: string, read: (bytes: number) => void): Promise<ManifestFile> {
  const hash = createHash('sha256')
  const file = join(folder, path)
  for await (const piece of createReadStream(file) as AsyncIterable<Buffer>) {
    hash.update(piece)
    read(piece.length)
  }
  return { path, bytes: (await stat(file)).size, sha256: hash.digest('hex') }
}
