// A new file or folder is only there after a power cut when the folder that names it has been synced.
import { mkdir, open } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  await folder.sync().finally(() => folder.close())
}

/** Creates a folder with all above it, durably. */
export async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true })
  if (first === undefined) return
  for (let made = resolve(path); made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made))
}
