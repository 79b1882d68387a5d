// Checks a data folder of a stopped server, or a backup: the store, what exists and who may, and what waits to be sent.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { crc32 } from 'node:zlib'
import { ConfigError, messageOf } from '#core/errors.ts'
import { decodeFrame } from '#core/frame.ts'
import { checkStore, type CheckedStore, type CheckListener } from '#store/embedded/check/check-store.ts'
import type { Finding } from '#store/embedded/check/checking.ts'
import { repairStore } from '#store/embedded/check/repair-store.ts'

const fileFindingsMax = 20

/** Reads everything. Throws `ConfigError` when a server runs on the folder, or there is no data. */
export async function checkData(folder: string, listener: CheckListener): Promise<CheckedStore> {
  const result = await ofStopped(folder, () => checkStore(join(folder, 'store'), listener))
  const { found } = listener
  checkFile(join(folder, 'millwright.db'), 'what exists and who may', found, () => {})
  checkFile(join(folder, 'gateway', 'outbox.db'), 'what waits to be sent', found, (database) => {
    for (const row of database.prepare('select sequence, frame from frame').iterate()) {
      const { sequence, frame } = row as unknown as { sequence: number; frame: Uint8Array }
      try {
        decodeFrame(frame, crc32)
      } catch (error) {
        found({
          text: `frame ${sequence} that waits to be sent is damaged (${messageOf(error)})`,
          mend: 'its values are lost; the server refuses it, and the others are sent',
        })
      }
    }
  })
  return result
}

/** Mends what can be mended in the store. Throws `ConfigError`; nothing is changed then. */
export const repairData = (folder: string, findings: readonly Finding[]): Promise<void> =>
  ofStopped(folder, () => repairStore(join(folder, 'store'), findings))

async function ofStopped<T>(folder: string, act: () => Promise<T>): Promise<T> {
  if (!existsSync(join(folder, 'store', 'chunks.db'))) throw new ConfigError(`there is no data of Millwright's in ${folder}; check --data`)
  try {
    return await act()
  } catch (error) {
    if (error instanceof ConfigError && /is in use/.test(error.message))
      throw new ConfigError(
        `a Millwright runs on ${folder}: stop it first, or let it make a backup and check that ("millwright backup DIR", "millwright check --data DIR")`,
      )
    throw error
  }
}

/** SQLite's own check of a file, where there is one, and then `more`. */
function checkFile(file: string, what: string, found: CheckListener['found'], more: (database: DatabaseSync) => void): void {
  if (!existsSync(file)) return
  const mend = `bring ${file} back from a backup`
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(file, { readOnly: true })
    for (const row of database.prepare(`pragma integrity_check(${fileFindingsMax})`).iterate()) {
      const text = String(row['integrity_check'])
      if (text !== 'ok') found({ text: `${what}: ${text.replaceAll('\n', '; ')}`, mend })
    }
    more(database)
  } catch (error) {
    found({ text: `${what} cannot be read (${messageOf(error)})`, mend })
  } finally {
    database?.close()
  }
}
