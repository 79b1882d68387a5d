// Brings a backup back into a data folder: every file is checked while it is copied, and takes its place only when all are whole.
import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { mkdir, open, readdir, rename, rm, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ConfigError, messageOf } from '#core/errors.ts'
import { formatSize } from '#core/size.ts'
import { renewIdentity } from '#gateway/outbox.ts'
import { lockFolder } from '#store/embedded/folder-lock.ts'
import { makeFolder, syncFolder } from '#store/embedded/sync-folder.ts'
import { isDiskFull, syncFiles } from './files.ts'
import { bytesOf, readManifest, type Manifest, type ManifestFile } from './manifest.ts'

/** In the data folder, until all is whole. */
const stageName = 'restore.part'

export interface Restored {
  readonly manifest: Manifest
  /** Where what was there before is now. */
  readonly movedTo: string | undefined
}

export interface RestoreOptions {
  /** Moves aside what is there. */
  readonly force: boolean
  readonly now: Date
  readonly copied: (bytes: number, of: number) => void
}

/** Throws `ConfigError`; the data folder is as it was then. */
export async function restore(backup: string, folder: string, { force, now, copied }: RestoreOptions): Promise<Restored> {
  const manifest = await readManifest(backup)
  const isEmpty = await checkPlace(folder, force)
  const stage = join(folder, stageName)
  try {
    await makeFolder(folder)
    await rm(stage, { recursive: true, force: true })
    let bytes = 0
    for (const file of manifest.files) await copyChecked(backup, stage, file, (more) => copied((bytes += more), bytesOf(manifest)))
    await syncFiles(
      stage,
      manifest.files.map(({ path }) => path),
    )
    const outbox = join(stage, 'gateway', 'outbox.db')
    if (existsSync(outbox)) renewIdentity(outbox)
    const movedTo = isEmpty ? undefined : `${folder}.before-restore-${now.toISOString().replaceAll(/[:.]/g, '-')}`
    await takePlace(folder, movedTo)
    return { manifest, movedTo }
  } catch (error) {
    await rm(stage, { recursive: true, force: true })
    throw error instanceof ConfigError ? error : new ConfigError(faultText(error, folder, manifest))
  }
}

/** Whether nothing is there. Throws `ConfigError` when something is that must stay. */
async function checkPlace(folder: string, force: boolean): Promise<boolean> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === 'ENOENT') return []
    throw new ConfigError(`cannot restore into ${folder}: ${messageOf(error)}; name another folder with --data`)
  })
  if (names.includes('store')) lockFolder(join(folder, 'store'))()
  const isEmpty = names.every((name) => name === stageName)
  if (isEmpty || force) return isEmpty
  throw new ConfigError(`${folder} is not empty: name a new folder with --data, or add --force, which moves what is there aside`)
}

/** Copies one file durably. Throws `ConfigError` when it is not as the manifest says. */
async function copyChecked(backup: string, stage: string, { path, bytes, sha256 }: ManifestFile, copied: (bytes: number) => void) {
  const [from, to] = [join(backup, path), join(stage, path)]
  if (!existsSync(from)) throw new ConfigError(`${from} is missing; use another backup`)
  await mkdir(dirname(to), { recursive: true, mode: 0o700 })
  const hash = createHash('sha256')
  const file = await open(to, 'w', 0o600)
  let size = 0
  try {
    for await (const piece of createReadStream(from) as AsyncIterable<Buffer>) {
      hash.update(piece)
      await file.writeFile(piece)
      size += piece.length
      copied(piece.length)
    }
  } finally {
    await file.close()
  }
  if (size !== bytes || hash.digest('hex') !== sha256)
    throw new ConfigError(`${from} is damaged: it is not as manifest.json says; use another backup`)
}

/** Moves what is whole to where it belongs; the store last, so that a server never starts on half of it. */
async function takePlace(folder: string, movedTo: string | undefined): Promise<void> {
  if (movedTo !== undefined) {
    await rename(folder, movedTo)
    await makeFolder(folder)
  }
  const stage = join(movedTo ?? folder, stageName)
  for (const name of (await readdir(stage)).toSorted()) await rename(join(stage, name), join(folder, name))
  await rmdir(stage)
  for (const path of [folder, dirname(folder)]) await syncFolder(path)
}

function faultText(error: unknown, folder: string, manifest: Manifest): string {
  const { code } = error as NodeJS.ErrnoException
  if (isDiskFull(error))
    return `the disk of ${folder} is full: this takes ${formatSize(bytesOf(manifest))}; make room, or name a folder on another disk with --data`
  if (code === 'EBUSY' || code === 'EXDEV')
    return `${folder} cannot be moved aside (${messageOf(error)}): empty it yourself, or name a new folder with --data`
  return `cannot restore into ${folder}: ${messageOf(error)}`
}
