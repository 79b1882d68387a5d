// Where an export goes: standard output, or a file that appears under its name only when it is whole.
import { once } from 'node:events'
import { existsSync, statSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { ConfigError, messageOf } from '#core/errors.ts'
import { confirmed } from '#cli/confirm.ts'

export interface Target {
  /** Resolves when more can be written. Throws `ConfigError` when there is no more room, or no way. */
  write(bytes: Uint8Array): Promise<void>
  /** All was written. */
  finish(): Promise<void>
  /** Leaves nothing behind. */
  abandon(): Promise<void>
}

export const standardOutput: Target = {
  async write(bytes) {
    if (!process.stdout.write(bytes)) await once(process.stdout, 'drain')
  },
  async finish() {},
  async abandon() {},
}

/** Throws `ConfigError` when the file cannot be written, and when it is there already and may not be replaced. */
export async function openFileTarget(file: string, force: boolean): Promise<Target> {
  if (existsSync(file)) {
    if (!statSync(file).isFile()) throw new ConfigError(`${file} is no file; name one, or leave --output out for standard output`)
    if (!force && !(await confirmed(`${file} is there already; replace it?`)))
      throw new ConfigError(`${file} is there already; add --force to replace it, or name another`)
  }
  const part = `${file}.${process.pid}.part`
  const handle = await open(part, 'wx').catch((error: unknown) => {
    throw new ConfigError(`cannot write ${part}: ${messageOf(error)}; choose another place with --output`)
  })
  let written = 0
  const said = (error: unknown) => {
    const full = ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '')
    throw new ConfigError(
      full
        ? `the disk of ${file} is full after ${written} bytes; nothing of it is kept: make room, or choose another place with --output`
        : `cannot write ${part}: ${messageOf(error)}; nothing of it is kept`,
    )
  }
  return {
    async write(bytes) {
      await handle.writeFile(bytes).catch(said)
      written += bytes.length
    },
    async finish() {
      await handle.sync().catch(said)
      await handle.close()
      await rename(part, file).catch(said)
    },
    async abandon() {
      await handle.close()
      await rm(part, { force: true })
    },
  }
}
