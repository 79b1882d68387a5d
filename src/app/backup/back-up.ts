// Writes a backup: copies of all that is kept, then their checksums. It has its name only when it is whole and on the disk.
import { existsSync } from 'node:fs'
import { cp, mkdir, readdir, rename, rm, rmdir, stat, statfs, writeFile } from 'node:fs/promises'
import { dirname, isAbsolute, join } from 'node:path'
import { version } from '#app/version.ts'
import type { Clock } from '#core/clock.ts'
import { messageOf, Rejected, RetryLater } from '#core/errors.ts'
import { formatSize } from '#core/size.ts'
import { formatTime } from '#core/time.ts'
import { syncFolder } from '#store/embedded/sync-folder.ts'
import { filesIn, isDiskFull, syncFiles } from './files.ts'
import { describeFile, manifestName, presentFormats, type Manifest } from './manifest.ts'

/** What is backed up, in the order of copying: what leaves the outbox meanwhile is in the store before that is copied. */
export interface BackupSource {
  /** Absent where no gateway has run. */
  readonly copyOutbox?: ((file: string) => Promise<void>) | undefined
  readonly copyStore: (folder: string) => Promise<void>
  /** Absent where PostgreSQL has it. */
  readonly copyDatabase?: ((file: string) => Promise<void>) | undefined
  /** The folder of the connections' own files. */
  readonly connections: string
  /** About how many bytes that will be. */
  readonly bytes: () => number
}

const partOf = (target: string) => `${target}.part`

/** Checks that a backup can be written there. Throws `Rejected`. */
export async function checkTarget(target: string, source: Pick<BackupSource, 'bytes'>): Promise<void> {
  if (!isAbsolute(target)) throw new Rejected(`"${target}" is no whole path; write one that begins at the root, such as /backup/monday`)
  const entries = await readdir(target).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw new Rejected(`cannot back up into ${target}: ${messageOf(error)}; name a new folder`)
  })
  if (entries && entries.length > 0) throw new Rejected(`${target} is not empty; name a new folder for each backup`)
  if (existsSync(partOf(target)))
    throw new Rejected(`${partOf(target)} is there, of a backup that was cut off; delete it, or name another folder`)
  // It appears again when the backup is whole.
  if (entries)
    await rmdir(target).catch((error: unknown) => {
      throw new Rejected(`${target} cannot be replaced (${messageOf(error)}); name a new folder inside it`)
    })
  const { bavail, bsize } = await statfs(nearestExisting(target))
  const [free, needed] = [bavail * bsize, source.bytes()]
  if (free < needed)
    throw new Rejected(
      `the disk of ${target} has ${formatSize(free)} free, and this takes about ${formatSize(needed)}; make room, or name a folder on another disk`,
    )
}

const nearestExisting = (path: string): string => (existsSync(path) ? path : nearestExisting(dirname(path)))

/** Bytes of what has been written so far. */
export async function writtenBytes(target: string): Promise<number> {
  const part = partOf(target)
  const files = await filesIn(part).catch(() => [])
  const sizes = await Promise.all(
    files.map((file) =>
      stat(join(part, file)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}

/** Writes it; `checked` hears of bytes that were read again. Throws `RetryLater` with a plain sentence; nothing is left behind then. */
export async function backUp(
  source: BackupSource,
  target: string,
  clock: Clock,
  checked: (bytes: number, of: number) => void,
  signal: AbortSignal,
): Promise<Manifest> {
  const part = partOf(target)
  const time = formatTime(clock.now())
  let made: string | undefined
  try {
    made = await mkdir(part, { recursive: true, mode: 0o700 })
    await copyAll(source, part, signal)
    const paths = await filesIn(part)
    const bytesTotal = await writtenBytes(target)
    const files = []
    for (const path of paths) {
      files.push(await describeFile(part, path, (bytes) => checked(bytes, bytesTotal)))
      signal.throwIfAborted()
    }
    const manifest: Manifest = { ...presentFormats, millwright: version, time, files }
    await writeFile(join(part, manifestName), `${JSON.stringify(manifest, null, 2)}\n`)
    await syncFiles(part, [...paths, manifestName])
    await rename(part, target)
    await syncFolder(dirname(target))
    return manifest
  } catch (error) {
    await rm(made ?? part, { recursive: true, force: true })
    throw new RetryLater(faultText(error, target))
  }
}

async function copyAll(
  { copyOutbox, copyStore, copyDatabase, connections }: BackupSource,
  part: string,
  signal: AbortSignal,
): Promise<void> {
  for (const folder of ['gateway', 'store']) await mkdir(join(part, folder), { recursive: true })
  const copies = [
    () => copyOutbox?.(join(part, 'gateway', 'outbox.db')),
    () => copyStore(join(part, 'store')),
    () => copyDatabase?.(join(part, 'millwright.db')),
    () =>
      existsSync(connections) ? cp(connections, join(part, 'gateway', 'connections'), { recursive: true, dereference: true }) : undefined,
  ]
  for (const copy of copies) {
    await copy()
    signal.throwIfAborted()
  }
}

function faultText(error: unknown, target: string): string {
  const text = messageOf(error)
  return isDiskFull(error) || /disk is full/.test(text)
    ? `the disk of ${target} is full, and nothing of the backup was left there; make room, or name a folder on another disk`
    : `the backup to ${target} failed, and nothing of it was left there: ${text}`
}
