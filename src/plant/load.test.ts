import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { defineDriver, type DriverModule } from '#core/driver.ts'
import { loadPlant } from './load.ts'

let folder: string

const demoDriver = defineDriver({
  name: 'demo',
  title: 'Demo',
  description: '',
  settings: z.strictObject({ port: z.int().min(1).max(65_535) }),
  address: z.strictObject({ register: z.int().min(0) }),
  create: () => {
    throw new Error('not here')
  },
})
const drivers = new Map<string, DriverModule>([['demo', demoDriver]])

const profile = `profile: pump
title: Pump
tags:
  temperature: { unit: °C, limits: { high: 85 } }
  speed: { unit: rpm }
maps:
  demo:
    temperature: { register: 1 }
`
const plant = `plant: Test
ports: { device: 5000 }
machines:
  - { path: s/a/l/pump-1, profile: pump }
connections:
  - name: line
    driver: demo
    machines: [s/a/l/pump-1]
    settings: { port: "\${ports.device}" }
`

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plant-'))
  await mkdir(join(folder, 'profiles'))
})
afterEach(() => rm(folder, { recursive: true }))

async function load(plantText: string, profileText = profile, ports?: Record<string, number>) {
  const file = join(folder, 'plant.yaml')
  await writeFile(file, plantText)
  await writeFile(join(folder, 'profiles', 'pump.yaml'), profileText)
  return loadPlant({ file, profilesFolder: join(folder, 'profiles'), drivers, ...(ports && { ports }) })
}

async function failure(plantText: string, profileText?: string): Promise<string> {
  const error = await load(plantText, profileText).then(
    () => undefined,
    (error: Error) => error,
  )
  expect(error?.name).toBe('ConfigError')
  return (error as Error).message.replaceAll(`${folder}/`, '')
}

test('a plant file is read with its profiles, and ports are put in where they are named', async () => {
  expect((await load(plant)).connections[0]?.settings).toEqual({ port: 5000 })
  expect((await load(plant, profile, { device: 5001 })).connections[0]?.settings).toEqual({ port: 5001 })
})

test.each<[what: string, broken: string, said: RegExp]>([
  ['broken YAML', plant.replace('machines:', 'machines: ['), /^plant\.yaml:\d+: /],
  ['an unknown key', `${plant}    wheels: 4\n`, /^plant\.yaml:10: connections\.0\.wheels: unknown key "wheels"; remove it/],
  [
    'a machine that is there twice',
    plant.replace('connections:', '  - { path: s/a/l/pump-1, profile: pump }\nconnections:'),
    /^plant\.yaml:5: "s\/a\/l\/pump-1" is there already, plant\.yaml:4/,
  ],
  ['an unknown profile', plant.replace('profile: pump', 'profile: fan'), /^plant\.yaml:4: no profile "fan"; there are pump/],
  ['an unknown driver', plant.replace('driver: demo', 'driver: demon'), /^plant\.yaml:7: no driver "demon"; there are demo/],
  [
    'an unknown machine',
    plant.replace('[s/a/l/pump-1]', '[s/a/l/pump-2]'),
    /^plant\.yaml:8: connections\.0\.machines\.0: no machine "s\/a\/l\/pump-2"/,
  ],
  ['an unknown port', plant.replace('ports.device', 'ports.devise'), /^plant\.yaml:9: no port "devise"; add it under ports/],
  ['a setting out of range', plant.replace('device: 5000', 'device: 500000'), /^plant\.yaml:2: ports\.device: .*65535/],
  ['settings that the driver refuses', plant.replace('port: "', 'gate: "'), /^plant\.yaml:9: connections\.0\.settings/],
  [
    'a bad path',
    plant.replaceAll('s/a/l/pump-1', 's//pump-1'),
    /^plant\.yaml:4: machines\.0\.path: "" in "s\/\/pump-1" is no path segment/,
  ],
])('%s is said with file, line and mend', async (_, broken, said) => {
  expect(await failure(broken)).toMatch(said)
})

test.each<[what: string, broken: string, said: RegExp]>([
  ['a wrong unit', profile.replace('°C', 'C'), /^profiles\/pump\.yaml:4: tags\.temperature\.unit: unknown unit "C"; write "°C"/],
  [
    'a tag that is there twice',
    profile.replace('speed:', 'temperature:'),
    /^profiles\/pump\.yaml:5: this key is there twice; remove or rename one/,
  ],
  [
    'a map of an unknown tag',
    profile.replace('    temperature: { register', '    heat: { register'),
    /^profiles\/pump\.yaml:8: maps\.demo\.heat: "heat" is not among/,
  ],
  [
    'an address that the driver refuses',
    profile.replace('register: 1', 'register: -1'),
    /^profiles\/pump\.yaml:8: maps\.demo\.temperature\.register/,
  ],
  [
    'limits in the wrong order',
    profile.replace('{ high: 85 }', '{ high: 85, low: 90 }'),
    /^profiles\/pump\.yaml:4: tags\.temperature\.limits: the limits must rise/,
  ],
  [
    'another name than its file',
    profile.replace('profile: pump', 'profile: pumps'),
    /^profiles\/pump\.yaml:1: the profile is named "pumps" but its file "pump\.yaml"/,
  ],
])('in a profile, %s is said with file, line and mend', async (_, broken, said) => {
  expect(await failure(plant, broken)).toMatch(said)
})

test('a plant file that is not there is said by its name', async () => {
  await expect(loadPlant({ file: join(folder, 'none.yaml'), profilesFolder: folder, drivers })).rejects.toThrow(
    /cannot read the plant file .*none\.yaml/,
  )
})

test('how long things are kept, and how much room they may take, is read', async () => {
  const rules =
    'retention:\n  - { tags: "**/vibration", raw: 7 }\n  - { tags: "**", raw: forever, minutes: 0.5 }\nstore: { bytesMax: 1.5 GB }\n'
  expect(await load(plant + rules)).toMatchObject({
    retention: [
      { tags: '**/vibration', raw: 7 },
      { tags: '**', raw: 'forever', minutes: 0.5 },
    ],
    store: { bytesMax: 1_500_000_000 },
  })
})

test.each([
  ['retention:\n  - { tags: "**", raw: never }', /yaml:11: retention\.0\.raw: write a number of days above zero, or forever/],
  ['retention:\n  - { tags: "**", raw: 0 }', /yaml:11: retention\.0\.raw: write a number of days above zero, or forever/],
  ['retention:\n  - { tags: "a**", raw: 1 }', /yaml:11: retention\.0\.tags: "a\*\*" in "a\*\*" mixes \*\*/],
  ['retention:\n  - { tags: "**", days: 1 }', /yaml:11: retention\.0\.days: unknown key "days"/],
  ['store: { bytesMax: 50 }', /yaml:10: store\.bytesMax: write a size with its unit, such as 500MB, 50GB or 1\.5TB/],
  ['store: { bytesMax: 50 gigs }', /yaml:10: store\.bytesMax: write a size with its unit/],
  ['store: { bytesMax: 1MB }', /yaml:10: store\.bytesMax: 1\.0 MB is too little for a store; the least is 10\.0 MB/],
  ['store: {}', /yaml:10: store\.bytesMax: write a size with its unit/],
])('%s is refused with the line and the mend', async (lines, sentence) => {
  expect(await failure(`${plant}${lines}\n`)).toMatch(sentence)
})
