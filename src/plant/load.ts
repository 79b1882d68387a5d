// Reads a plant file and the profiles it names, and checks everything that can be checked before a machine is touched.
import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { z } from 'zod'
import type { DriverModule } from '#core/driver.ts'
import { ConfigError, messageOf } from '#core/errors.ts'
import { planConnection } from '#core/plan.ts'
import { plantSchema, type Plant } from '#core/plant.ts'
import { profileSchema, type Profile } from '#core/profile.ts'
import { checkYaml, configErrorOf, parseYaml, type YamlFile } from './yaml-file.ts'

export interface LoadOptions {
  readonly file: string
  readonly profilesFolder: string
  /** Connections are checked against these; absent where no connection will be run. */
  readonly drivers?: ReadonlyMap<string, DriverModule>
  /** Ports that replace those of the file, by name. */
  readonly ports?: Readonly<Record<string, number>>
}

/** Loads a plant. Throws one `ConfigError` that names every problem with file and line. */
export async function loadPlant({ file, profilesFolder, drivers, ports: replaced = {} }: LoadOptions): Promise<Plant> {
  const yaml = parseYaml(await readText(file, 'the plant file'), file)
  const ports = { ...portsOf(yaml), ...replaced }
  const plantFile = checkYaml(plantSchema, withPorts(yaml, ports), yaml.locate)
  const profiles = await loadProfiles(profilesFolder)
  const plant: Plant = { ...plantFile, ports, profiles: new Map([...profiles].map(([name, { profile }]) => [name, profile])) }
  const problems = [...problemsOf(plant, yaml), ...(drivers ? connectionProblems(plant, yaml, profiles, drivers) : [])]
  if (problems.length > 0) throw configErrorOf(problems)
  return plant
}

interface LoadedProfile {
  readonly profile: Profile
  readonly locate: YamlFile['locate']
}

/** All profiles of a folder by name. */
async function loadProfiles(folder: string): Promise<Map<string, LoadedProfile>> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw new ConfigError(`cannot read the profiles folder ${folder}: ${messageOf(error)}`)
  })
  const profiles = new Map<string, LoadedProfile>()
  for (const name of names.filter((name) => name.endsWith('.yaml')).toSorted()) {
    const file = join(folder, name)
    const { data, locate } = parseYaml(await readText(file, 'the profile'), file)
    const profile = checkYaml(profileSchema, data, locate)
    const expected = basename(name, '.yaml')
    if (profile.profile !== expected)
      throw new ConfigError(`${locate(['profile'])}: the profile is named "${profile.profile}" but its file "${name}"; make them equal`)
    profiles.set(expected, { profile, locate })
  }
  return profiles
}

function readText(file: string, what: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    throw new ConfigError(`cannot read ${what} ${file}: ${messageOf(error)}`)
  })
}

/** The ports that a file declares, checked before they are put in elsewhere. */
function portsOf({ data, locate }: YamlFile): Record<string, number> {
  return checkYaml(z.looseObject({ ports: plantSchema.shape.ports }), data ?? {}, locate).ports
}

/** The file's data with every `${ports.NAME}` replaced; a text that is nothing else becomes the number. */
function withPorts(yaml: YamlFile, ports: Readonly<Record<string, number>>): unknown {
  const replace = (value: unknown, at: readonly PropertyKey[]): unknown => {
    if (Array.isArray(value)) return value.map((item, index) => replace(item, [...at, index]))
    if (value !== null && typeof value === 'object')
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replace(item, [...at, key])]))
    if (typeof value !== 'string') return value
    const portOf = (name: string) => {
      if (!Object.hasOwn(ports, name)) throw new ConfigError(`${yaml.locate(at)}: no port "${name}"; add it under ports`)
      return ports[name] as number
    }
    const whole = /^\$\{ports\.([\w-]+)\}$/.exec(value)
    if (whole) return portOf(whole[1] as string)
    return value.replaceAll(/\$\{ports\.([\w-]+)\}/g, (_, name: string) => String(portOf(name)))
  }
  return replace(yaml.data, [])
}

function problemsOf(plant: Plant, { locate }: YamlFile): string[] {
  const problems: string[] = []
  const unique = (at: PropertyKey, key: PropertyKey, values: readonly string[]) => {
    const first = new Map<string, number>()
    values.forEach((value, index) => {
      const earlier = first.get(value)
      if (earlier === undefined) first.set(value, index)
      else problems.push(`${locate([at, index, key])}: "${value}" is there already, ${locate([at, earlier, key])}; rename or remove one`)
    })
  }
  const paths = plant.machines.map((machine) => machine.path)
  unique('machines', 'path', paths)
  unique(
    'connections',
    'name',
    plant.connections.map((connection) => connection.name),
  )
  plant.machines.forEach((machine, index) => {
    if (!plant.profiles.has(machine.profile))
      problems.push(
        `${locate(['machines', index, 'profile'])}: no profile "${machine.profile}"; there are ${[...plant.profiles.keys()].join(', ')}`,
      )
  })
  const known = new Set(paths)
  plant.simulation?.machines.forEach((simulator, index) => {
    if (!known.has(simulator.machine))
      problems.push(`${locate(['simulation', 'machines', index, 'machine'])}: no machine "${simulator.machine}"; add it under machines`)
  })
  return problems
}

function connectionProblems(
  plant: Plant,
  yaml: YamlFile,
  profiles: ReadonlyMap<string, LoadedProfile>,
  drivers: ReadonlyMap<string, DriverModule>,
): string[] {
  const problems = new Set<string>()
  const owners = new Map<string, string>()
  plant.connections.forEach((connection, index) => {
    const module = drivers.get(connection.driver)
    if (!module) {
      problems.add(
        `${yaml.locate(['connections', index, 'driver'])}: no driver "${connection.driver}"; there are ${[...drivers.keys()].join(', ')}`,
      )
      return
    }
    const plan = planConnection(connection, plant, module, ['connections', index])
    if (Array.isArray(plan)) {
      for (const { at, profile, message } of plan) {
        const locate = profile === undefined ? yaml.locate : (profiles.get(profile)?.locate ?? yaml.locate)
        problems.add(`${locate(at)}: ${at.join('.')}: ${message}`)
      }
      return
    }
    for (const { tag } of plan.points) {
      const owner = owners.get(tag)
      if (owner === undefined) owners.set(tag, connection.name)
      else
        problems.add(
          `${yaml.locate(['connections', index])}: connection "${connection.name}" reads tag "${tag}", which "${owner}" reads already; remove one`,
        )
    }
  })
  return [...problems]
}
