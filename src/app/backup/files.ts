// The files of a backup, and how they come to the disk.
import { open, readdir } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { syncFolder } from '#store/embedded/sync-folder.ts'

/** Paths of all files below a folder, with slashes. */
export async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll(sep, '/'))
    .toSorted()
}

/** Makes files below a folder durable, then the folders that name them. */
export async function syncFiles(folder: string, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const file = await open(join(folder, path), 'r')
    await file.sync().finally(() => file.close())
  }
  const folders = new Set(paths.flatMap((path) => path.split('/').map((_, depth, parts) => parts.slice(0, depth).join('/'))))
  for (const path of [...folders].toSorted().toReversed()) await syncFolder(join(folder, path))
}

export const isDiskFull = (error: unknown): boolean => ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '')
