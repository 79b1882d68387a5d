// A small disk of its own (tmpfs), to be filled up for real.
import { execFileSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface SmallDisk {
  readonly folder: string
  /** Takes so many bytes, or all that are left. */
  readonly fill: (bytes?: number) => void
  /** Gives it back. */
  readonly relieve: () => void
  readonly remove: () => void
}

/** Mounts a disk of so many megabytes, or returns undefined where none can be mounted (not root, no tmpfs). */
export function mountSmallDisk(megabytes: number): SmallDisk | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'millwright-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder], { stdio: 'ignore' })
  } catch {
    rmSync(folder, { recursive: true })
    return undefined
  }
  const ballast = join(folder, 'ballast')
  return {
    folder,
    fill(bytes = Infinity) {
      const file = openSync(ballast, 'w')
      const piece = new Uint8Array(65_536)
      try {
        for (let written = 0; written < bytes; written += piece.length) writeSync(file, piece)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
      } finally {
        closeSync(file)
      }
    },
    relieve: () => rmSync(ballast, { force: true }),
    remove() {
      execFileSync('umount', [folder])
      rmSync(folder, { recursive: true })
    },
  }
}
