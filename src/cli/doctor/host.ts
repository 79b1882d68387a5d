// What the machine under Millwright must have: a new enough Node, a clock that can be believed, tools for the extras.
import { access, constants, readdir, stat } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import type { Finding } from './finding.ts'

const nodeMajorMin = 24
/** No clock that is right shows less: this check was written then. */
const yearMin = 2026
const yearMax = 2100
const stepMsMax = 1000
const futureMsMax = 60_000

/** Checks the version of Node that runs this. */
export function checkNode(version = process.versions.node): Finding {
  if (Number.parseInt(version, 10) >= nodeMajorMin) return { level: 'ok', text: `Node ${version}` }
  return { level: 'fail', text: `Node ${version} is too old`, mend: `run "npm install" here, or install Node ${nodeMajorMin}` }
}

export interface ClockReadings {
  readonly wallMs: number
  /** The wall clock as the start of this process and the monotonic clock since give it. */
  readonly expectedMs: number
  /** The newest time of change among files that were written before. */
  readonly newestFileMs: number
}

/** Reads the clocks; files are those of the given folders, one level deep. */
export async function readClocks(folders: readonly string[]): Promise<ClockReadings> {
  let newestFileMs = 0
  for (const folder of folders)
    for (const name of await readdir(folder).catch(() => []))
      newestFileMs = Math.max(newestFileMs, (await stat(join(folder, name)).catch(() => undefined))?.mtimeMs ?? 0)
  return { wallMs: Date.now(), expectedMs: performance.timeOrigin + performance.now(), newestFileMs }
}

/** Checks that the clock shows a sensible year, runs evenly, and does not lag behind what was written before. */
export function checkClock({ wallMs, expectedMs, newestFileMs }: ClockReadings): Finding {
  const shown = new Date(wallMs).toISOString()
  const mend = 'set the time and keep it set, e.g. with systemd-timesyncd or chrony'
  const year = new Date(wallMs).getUTCFullYear()
  if (year < yearMin || year > yearMax) return { level: 'fail', text: `the clock shows ${shown}`, mend }
  if (Math.abs(wallMs - expectedMs) > stepMsMax)
    return { level: 'warn', text: `the clock was just moved by ${Math.round((wallMs - expectedMs) / 1000)} s`, mend }
  if (newestFileMs - wallMs > futureMsMax)
    return { level: 'warn', text: `the clock shows ${shown}, but a file was written at ${new Date(newestFileMs).toISOString()}`, mend }
  return { level: 'ok', text: `the clock shows ${shown}` }
}

/** Programs that some features call. */
const tools = [{ name: 'ffmpeg', purpose: 'cameras and MP4 export', debianPackage: 'ffmpeg' }] as const

/** Checks which optional tools are on the PATH. */
export async function checkTools(path = process.env['PATH'] ?? ''): Promise<Finding[]> {
  return Promise.all(
    tools.map(async ({ name, purpose, debianPackage }): Promise<Finding> => {
      const places = path.split(delimiter).map((folder) => join(folder, name))
      const found = await Promise.any(places.map((place) => access(place, constants.X_OK).then(() => place))).catch(() => undefined)
      if (found !== undefined) return { level: 'ok', text: `${name} is ${found}` }
      return { level: 'warn', text: `${name} is missing; ${purpose} need it`, mend: `apt-get install ${debianPackage}` }
    }),
  )
}
