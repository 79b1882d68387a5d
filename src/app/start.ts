// `millwright start`: the plant, the dashboard, the server and, with the demo, the simulators.
import { randomInt } from 'node:crypto'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Logger } from 'pino'
import { ConfigError } from '#core/errors.ts'
import { emptyPlant, type Plant } from '#core/plant.ts'
import { loadPlant } from '#plant/load.ts'
import { buildDashboard } from './dashboard.ts'
import { drivers } from './drivers.ts'
import { demoPlantFile, profilesFolderDefault } from './package-folder.ts'
import { isFree, nextFreePort } from './ports.ts'
import type { RowsOptions } from './rows.ts'
import { startServer } from './server.ts'
import { startSimulators, type Simulators } from './simulators.ts'

export interface StartOptions {
  readonly data: string
  /** PostgreSQL for what exists and who may. */
  readonly database?: string | undefined
  /** Tags to keep as rows for SQL in that database, too. */
  readonly rows?: RowsOptions | undefined
  /** Bytes that telemetry may take on the disk, instead of what the plant file says. */
  readonly storeQuota?: number | undefined
  readonly port: number
  /** A plant file; without one, and without the demo, there are only the machines that samples create. */
  readonly plant?: string | undefined
  readonly profiles?: string | undefined
  readonly demo: boolean
  /** Take the next free port where one is taken, instead of failing. */
  readonly nextFreePort: boolean
  readonly speed?: number | undefined
  readonly seed?: number | undefined
  readonly log: Logger
}

export interface Started {
  readonly url: string
  readonly machines: number
  readonly folder: string
  /** What was chosen otherwise than asked, in plain words. */
  readonly notes: readonly string[]
  readonly stop: () => Promise<void>
}

/** How often ports are chosen anew when another program took one between choosing and using it. */
const triesMax = 5
const spreadMax = 100

/** Starts Millwright and resolves when it serves. Throws `ConfigError`; nothing is left running then. */
export async function start(options: StartOptions): Promise<Started> {
  const { log, demo, plant: given, nextFreePort: mayMove } = options
  const profilesFolder = resolve(options.profiles ?? profilesFolderDefault)
  const plantFile = given ?? (demo ? demoPlantFile : undefined)
  if (plantFile !== undefined && !existsSync(plantFile)) throw new ConfigError(`there is no plant file ${plantFile}; check --plant`)
  const load = (ports: Record<string, number>): Promise<Plant> =>
    plantFile === undefined ? Promise.resolve(emptyPlant) : loadPlant({ file: plantFile, profilesFolder, drivers, ports })

  const declared = await load({})
  const dashboard = buildDashboard(() => log.info('building the dashboard; this happens once after a change'))
  dashboard.catch(() => {})
  for (let tries = 1; ; tries++) {
    const notes: string[] = []
    // Two that start at once would meet again at the next ports, so each goes its own way.
    const chosen = await choosePorts(declared, options, notes, tries === 1 ? 0 : randomInt(1, spreadMax))
    const plant = await load(chosen.named)
    try {
      return await startOn(chosen, { ...options, plant, plantFile, profilesFolder, dashboard, notes })
    } catch (error) {
      if (!mayMove || tries === triesMax || !portWasTaken(error)) throw error
      log.info('another program took a port meanwhile; choosing again')
    }
  }
}

interface Prepared extends Omit<StartOptions, 'plant'> {
  readonly plant: Plant
  readonly plantFile: string | undefined
  readonly profilesFolder: string
  /** Settles when the page is built. */
  readonly dashboard: Promise<void>
  readonly notes: readonly string[]
}

/** Starts simulators and server on these ports; nothing is left running when that fails. */
async function startOn(chosen: ChosenPorts, prepared: Prepared): Promise<Started> {
  const { plant, plantFile, profilesFolder, demo, speed, seed, dashboard, log, notes, database: databaseUrl, rows, storeQuota } = prepared
  const folder = resolve(prepared.data)
  let simulators: Simulators | undefined
  try {
    if (demo && plantFile !== undefined)
      simulators = await startSimulators(
        { plant: plantFile, profiles: profilesFolder, ports: chosen.named, data: folder, speed, seed },
        log,
      )
    await dashboard
    const server = await startServer({ plant, folder, databaseUrl, rows, storeQuota, port: chosen.page, log, simulators })
    const stop = async () => {
      await server.stop()
      await simulators?.stop()
    }
    return { url: server.url, machines: plant.machines.length, folder, notes, stop }
  } catch (error) {
    await simulators?.stop()
    throw error
  }
}

interface ChosenPorts {
  readonly page: number
  readonly named: Record<string, number>
}

/** A port was free when it was chosen and taken when it was used. Told by its text, which may come from the simulators' process. */
function portWasTaken(error: unknown): boolean {
  return error instanceof ConfigError && /port \d+ is taken|EADDRINUSE/.test(error.message)
}

/** The ports to use: those asked for or, if allowed, the next free ones from `spread` ports further; each change is noted. */
async function choosePorts(
  plant: Plant,
  { port, nextFreePort: mayMove, demo }: StartOptions,
  notes: string[],
  spread: number,
): Promise<ChosenPorts> {
  const taken = new Set<number>()
  const choose = async (wanted: number, what: string, mend: string): Promise<number> => {
    if (wanted === 0) return 0
    const free = spread === 0 && !taken.has(wanted) && (await isFree(wanted))
    if (!free && !mayMove) throw new ConfigError(`port ${wanted} is taken, and ${what} needs it; ${mend}`)
    const got = free ? wanted : await nextFreePort(wanted + 1 + spread, taken)
    if (got !== wanted) notes.push(`port ${wanted} is taken, so ${what} uses ${got}`)
    taken.add(got)
    return got
  }
  const page = await choose(port, 'the dashboard', 'choose another with --port or MILLWRIGHT_PORT')
  if (!demo) return { page, named: {} }
  const named: Record<string, number> = {}
  for (const [name, wanted] of Object.entries(plant.ports))
    named[name] = await choose(wanted, `"${name}" of the plant`, `change ports.${name} in the plant file, or add --next-free-port`)
  return { page, named }
}
