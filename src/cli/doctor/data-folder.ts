// Whether the data folder can be written and has room.
import { access, constants, mkdtemp, rm, stat, statfs } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { messageOf } from '#core/errors.ts'
import type { Finding } from './finding.ts'

const gibibyte = 1024 ** 3
const freeBytesMin = { fail: gibibyte / 4, warn: 5 * gibibyte }

/** Checks the folder, or the nearest existing one above it when it is still to be made. Leaves nothing behind. */
export async function checkDataFolder(folder: string): Promise<Finding[]> {
  const wanted = resolve(folder)
  const existing = await nearestExisting(wanted)
  return [await checkWriting(wanted, existing), await checkRoom(existing)]
}

async function nearestExisting(folder: string): Promise<string> {
  const there = await stat(folder).catch(() => undefined)
  return there || dirname(folder) === folder ? folder : nearestExisting(dirname(folder))
}

async function checkWriting(wanted: string, existing: string): Promise<Finding> {
  const fail = (reason: string): Finding => ({
    level: 'fail',
    text: `data folder ${wanted}: ${reason}`,
    mend: `give this user the right to write ${existing}, or choose another folder with --data`,
  })
  const entry = await stat(existing)
  if (!entry.isDirectory()) return fail(`${existing} is no folder`)
  try {
    await access(existing, constants.W_OK)
    await rm(await mkdtemp(join(existing, '.millwright-doctor-')), { recursive: true })
  } catch (error) {
    return fail(messageOf(error))
  }
  return { level: 'ok', text: `data folder ${wanted} can be ${existing === wanted ? 'written' : 'made'}` }
}

async function checkRoom(existing: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(existing)
  return judgeRoom(bavail * bsize)
}

/** Judges the free bytes of the data folder's disk. */
export function judgeRoom(freeBytes: number): Finding {
  const text = `disk has ${(freeBytes / gibibyte).toFixed(1)} GiB free`
  const mend = 'make room, or choose a folder on another disk with --data'
  if (freeBytes < freeBytesMin.fail) return { level: 'fail', text, mend }
  return freeBytes < freeBytesMin.warn ? { level: 'warn', text, mend } : { level: 'ok', text }
}
