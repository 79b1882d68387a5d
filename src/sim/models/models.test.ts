// What holds for every model, against the limits of the profile it is meant for.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import { expect, test } from 'vitest'
import { arrayStatistics } from '#core/array.ts'
import { profileSchema, type Profile } from '#core/profile.ts'
import { limitExceeded } from '#core/limit.ts'
import { physicalFaults, undisturbed, type Model, type PhysicalFault, type Readings } from '#sim/model.ts'
import { randomOf } from '#sim/random.ts'
import { profilesFolder } from '#test/support/simulation.ts'
import { models } from './catalog.ts'

const profileOf: Record<string, string> = {
  'dmls-printer': 'dmls-printer',
  pump: 'rotating-equipment',
  compressor: 'rotating-equipment',
  climate: 'climate-sensor',
  'smart-device': 'smart-device',
  'press-line': 'plc-line',
}
const names = [...models.keys()]

async function readProfile(model: string): Promise<Profile> {
  return profileSchema.parse(parse(await readFile(join(profilesFolder, `${profileOf[model]}.yaml`), 'utf8')))
}

function create(name: string, seed = 1, parameters = {}): Model {
  const model = models.get(name)
  if (!model) throw new Error(name)
  return model.create(parameters, randomOf(seed, name))
}

/** Numbers by tag, with the statistics that a gateway adds to arrays. */
function numbersOf(readings: Readings): Map<string, number> {
  const numbers = new Map<string, number>()
  for (const [tag, value] of Object.entries(readings)) {
    if (typeof value === 'number') numbers.set(tag, value)
    if (typeof value === 'object')
      for (const [name, number] of Object.entries(arrayStatistics(value))) numbers.set(`${tag}.${name}`, number)
  }
  return numbers
}

test.each(names)('%s has the tags of its profile, and no others', async (name) => {
  const { tags } = await readProfile(name)
  expect(Object.keys(create(name).readings()).toSorted()).toEqual(
    Object.keys(tags)
      .filter((tag) => !tag.includes('.'))
      .toSorted(),
  )
})

test.each(names)('%s stays inside its limits for a healthy hour', async (name) => {
  const { tags } = await readProfile(name)
  const model = create(name)
  model.advance(300, undisturbed)
  for (let second = 0; second < 3600; second += 10) {
    model.advance(10, undisturbed)
    for (const [tag, value] of numbersOf(model.readings())) {
      expect(value, `${tag} after ${second} s`).toSatisfy(Number.isFinite)
      expect(limitExceeded(tags[tag]?.limits, value), `${tag} = ${value} after ${second} s`).toBeUndefined()
    }
  }
})

test.each(names)('%s runs the same way again from the same seed, and another way from another', (name) => {
  const run = (seed: number) => {
    const model = create(name, seed)
    for (let i = 0; i < 60; i++) model.advance(1, undisturbed)
    return { readings: model.readings(), truth: model.truth() }
  }
  expect(run(7)).toEqual(run(7))
  expect(run(8)).not.toEqual(run(7))
})

test.each(names)('%s survives jumps of hours and keeps finite', (name) => {
  const model = create(name)
  for (let i = 0; i < 5; i++) model.advance(10_000, undisturbed)
  for (const [tag, value] of numbersOf(model.readings())) expect(value, tag).toSatisfy(Number.isFinite)
})

/** Which way a tag moves under a fault, after a minute, compared with the same machine without it. */
const effects: [string, PhysicalFault, string, number][] = [
  ['dmls-printer', 'overheating', 'field.max', 5],
  ['dmls-printer', 'bearingWear', 'vibration', 2],
  ['pump', 'overheating', 'temperature', 20],
  ['pump', 'bearingWear', 'vibration', 0.6],
  ['pump', 'leak', 'pressure', -15],
  ['compressor', 'overheating', 'temperature', 20],
  ['compressor', 'bearingWear', 'vibration', 0.3],
  ['compressor', 'leak', 'pressure', -3],
  ['climate', 'overheating', 'temperature', 5],
  ['climate', 'leak', 'temperature', -0.5],
  ['smart-device', 'overheating', 'temperature', 20],
  ['smart-device', 'bearingWear', 'vibration', 3],
  ['smart-device', 'leak', 'pressure', -2],
  ['press-line', 'overheating', 'temperature', 15],
  ['press-line', 'bearingWear', 'vibration', 3],
  ['press-line', 'leak', 'pressure', -40],
]

test.each(effects)('%s: %s moves %s by %d or more', (name, fault, tag, change) => {
  const healthy = create(name)
  const faulty = create(name)
  healthy.advance(300, undisturbed)
  faulty.advance(300, undisturbed)
  let furthest = 0
  for (let second = 0; second < 60; second++) {
    healthy.advance(1, undisturbed)
    faulty.advance(1, { ...undisturbed, [fault]: 1 })
    const difference = (numbersOf(faulty.readings()).get(tag) ?? Number.NaN) - (numbersOf(healthy.readings()).get(tag) ?? Number.NaN)
    if (Math.sign(change) * difference > Math.sign(change) * furthest) furthest = difference
  }
  expect(Math.sign(change) * furthest).toBeGreaterThan(Math.abs(change))
})

test('Every physical fault that a model says it can have is among those checked', () => {
  const claimed = names.flatMap((name) => (models.get(name)?.faults ?? []).map((fault) => `${name} ${fault}`))
  expect(effects.map(([name, fault]) => `${name} ${fault}`).toSorted()).toEqual(claimed.toSorted())
  expect(new Set(effects.map(([, fault]) => fault))).toEqual(new Set(physicalFaults))
})

test('The temperature field stays between 20 and 80 °C, even overheated', () => {
  const printer = create('dmls-printer')
  for (let i = 0; i < 300; i++) {
    printer.advance(2, { ...undisturbed, overheating: i > 100 ? 1 : 0 })
    const { min, max } = arrayStatistics(printer.readings()['field'] as { shape: number[]; data: Float32Array })
    expect(min).toBeGreaterThanOrEqual(20)
    expect(max).toBeLessThanOrEqual(80)
  }
})

test('A worn device passes its limits, fails, and is replaced by a new one', () => {
  const device = create('smart-device', 1, { wearStart: 0.7, lifeHours: 4, repairHours: 1 })
  const vibrations: number[] = []
  for (let minute = 0; minute < 150; minute++) {
    device.advance(60, undisturbed)
    vibrations.push(device.readings()['vibration'] as number)
  }
  expect(vibrations[0]).toBeLessThan(4.5)
  expect(Math.max(...vibrations)).toBeGreaterThan(5)
  expect(vibrations.at(-1)).toBeLessThan(2)
})

test('Pressure, load and traffic drive what depends on them', () => {
  const device = create('smart-device')
  const rows = Array.from({ length: 600 }, () => {
    device.advance(5, undisturbed)
    return device.readings() as Record<string, number>
  })
  const column = (tag: string) => rows.map((row) => row[tag] ?? Number.NaN)
  expect(correlation(column('networkTraffic'), column('cpuLoad'))).toBeGreaterThan(0.7)
  expect(correlation(column('temperature'), column('humidity'))).toBeLessThan(-0.2)
})

test('Writing a room temperature puts the room there, and its control keeps it', () => {
  const room = create('climate')
  room.write?.('temperature', 25)
  expect(room.readings()['temperature']).toBe(25)
  room.advance(600, undisturbed)
  expect(room.readings()['temperature']).toBeGreaterThan(24)
  room.write?.('humidity', 60)
  expect(room.readings()['humidity']).toBeCloseTo(60)
})

test('Stopping the press line stops it, and a restart clears its counters', () => {
  const line = create('press-line')
  line.advance(60, undisturbed)
  line.write?.('run', false)
  line.advance(30, undisturbed)
  const stopped = line.readings()
  line.advance(60, undisturbed)
  expect(line.readings()).toMatchObject({ run: false, running: false, strokes: stopped['strokes'] })
  expect(line.readings()['rpm']).toBeLessThan(1)
  line.restart()
  expect(line.readings()).toMatchObject({ run: true, strokes: 0, parts: 0 })
})

function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const meanA = mean(a)
  const meanB = mean(b)
  const product = mean(a.map((value, i) => (value - meanA) * ((b[i] as number) - meanB)))
  return product / Math.sqrt(mean(a.map((value) => (value - meanA) ** 2)) * mean(b.map((value) => (value - meanB) ** 2)))
}
