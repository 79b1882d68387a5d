// Machines on a clock that the test moves: speed, repeatability, and every fault in the values and in the ground truth.
import { expect, test } from 'vitest'
import { arrayStatistics, type ArrayValue } from '#core/array.ts'
import { ManualClock, systemClock } from '#core/clock.ts'
import { faultKinds, type FaultKind } from '#core/fault.ts'
import { formatTime } from '#core/time.ts'
import type { Plant } from '#core/plant.ts'
import { plantOf, type TestMachine } from '#test/support/simulation.ts'
import { createMachine } from './create-machine.ts'
import { FaultBook } from './fault-book.ts'
import { fleetOf } from './fleet.ts'
import type { SimulatedMachine } from './machine.ts'

const log = { info() {}, warn() {} }
const pump: TestMachine = { path: 'site/pump-1', profile: 'rotating-equipment', model: 'pump', serve: {} }
const printer: TestMachine = { path: 'site/printer-1', profile: 'dmls-printer', model: 'dmls-printer', serve: {} }
const climate: TestMachine = { path: 'site/climate-1', profile: 'climate-sensor', model: 'climate', serve: {} }
const press: TestMachine = { path: 'site/SIM001', profile: 'plc-line', model: 'press-line', serve: {} }

async function bringUp(machines: readonly TestMachine[], speed = 1) {
  const plant: Plant = await plantOf(machines, speed)
  const clock = new ManualClock()
  const created = (plant.simulation?.machines ?? []).map((simulator) => createMachine(simulator, plant, { clock, log, folder: '/nowhere' }))
  for (const machine of created) machine.run(0)
  const fleet = fleetOf(created, speed, clock, new FaultBook(() => {}))
  return { clock, fleet, machines: created, machine: created[0] as SimulatedMachine }
}

/** One reading per second of a numeric tag, for so many seconds. */
async function record(clock: ManualClock, machine: SimulatedMachine, tag: string, seconds: number): Promise<number[]> {
  const values: number[] = []
  for (let second = 0; second < seconds; second++) {
    await clock.advance(1000)
    values.push(machine.latest().values[tag] as number)
  }
  return values
}

const spread = (values: readonly number[]) => Math.max(...values) - Math.min(...values)

test('A machine measures once a second, with the real time of the measurement', async () => {
  const { clock, machine } = await bringUp([pump])
  await clock.advance(1000)
  const first = machine.latest().time
  await clock.advance(1000)
  expect(machine.latest().time - first).toBe(1_000_000)
  expect(machine.latest().time).toBe(clock.now())
})

test('At speed 60 a minute of physics passes in a second, and source times stay real', async () => {
  const slow = await bringUp([press])
  const fast = await bringUp([press], 60)
  const strokesIn = async ({ clock, machine }: typeof slow) => {
    await clock.advance(1000)
    const before = machine.latest().values['strokes'] as number
    await clock.advance(10_000)
    return (machine.latest().values['strokes'] as number) - before
  }
  expect(await strokesIn(slow)).toBe(5)
  expect(Math.abs((await strokesIn(fast)) - 300)).toBeLessThan(2)
  expect(fast.machine.latest().time).toBe(fast.clock.now())
})

test('The same seed gives the same readings, noise and all, and other machines do not change them', async () => {
  const alone = await bringUp([pump])
  const inCompany = await bringUp([{ ...pump, path: 'site/pump-0' }, pump])
  const other = inCompany.machines[1] as SimulatedMachine
  const values = await record(alone.clock, alone.machine, 'temperature', 20)
  expect(await record(inCompany.clock, other, 'temperature', 20)).toEqual(values)
  expect(await record(inCompany.clock, inCompany.machine, 'temperature', 20)).not.toEqual(values)
})

test('A computer that slept makes up for a minute of what it missed, and goes on', async () => {
  const plant = await plantOf([press])
  let now = 0
  let due = () => {}
  const clock = { ...systemClock, now: () => now, after: (_: number, act: () => void) => ((due = act), () => {}) }
  const [simulator] = plant.simulation?.machines ?? []
  if (!simulator) throw new Error('no simulator')
  const machine = createMachine(simulator, plant, { clock, log, folder: '/nowhere' })
  machine.run(0)
  const strokes = () => machine.latest().values['strokes'] as number
  const strokesAfter = (seconds: number) => {
    const before = strokes()
    now += seconds * 1_000_000
    due()
    return strokes() - before
  }
  strokesAfter(0)
  expect(strokesAfter(20)).toBe(10)
  expect(strokesAfter(3600)).toBe(30)
  expect(strokesAfter(20)).toBe(10)
})

test('A clock that is set back does not stop a machine', async () => {
  const plant = await plantOf([press])
  let now = 1e12
  let next = { delayMs: 0, act: () => {} }
  const clock = { ...systemClock, now: () => now, after: (delayMs: number, act: () => void) => ((next = { delayMs, act }), () => {}) }
  const [simulator] = plant.simulation?.machines ?? []
  if (!simulator) throw new Error('no simulator')
  createMachine(simulator, plant, { clock, log, folder: '/nowhere' }).run(0)
  next.act()
  now -= 3600 * 1_000_000
  next.act()
  expect(next.delayMs).toBe(1000)
})

test('A write measures anew: no value gets a later time than its own', async () => {
  const { clock, machine } = await bringUp([climate])
  const before = machine.latest()
  await clock.advance(400)
  expect(machine.write('temperature', 30)).toBeUndefined()
  const { time, values } = machine.latest()
  expect(time).toBe(clock.now())
  expect(values['temperature']).toBe(30)
  expect(values['humidity']).not.toBe(before.values['humidity'])
})

test.each(['overheating', 'bearingWear', 'leak'] as const)('%s acts on the physics while it lasts', async (fault) => {
  const tags = { overheating: 'temperature', bearingWear: 'vibration', leak: 'pressure' }
  const { clock, fleet, machine } = await bringUp([pump])
  const [healthy = 0] = await record(clock, machine, tags[fault], 1)
  fleet.inject({ machine: 'pump-1', fault, severity: 1, durationSeconds: 60 })
  const during = (await record(clock, machine, tags[fault], 60)).at(-1) ?? 0
  expect(Math.abs(during - healthy) / healthy).toBeGreaterThan(0.3)
  const after = (await record(clock, machine, tags[fault], 400)).at(-1) ?? 0
  expect(Math.abs(after - healthy) / healthy).toBeLessThan(0.15)
})

test('A stuck sensor repeats itself with fresh times; the machine runs on', async () => {
  const { clock, fleet, machine } = await bringUp([pump])
  await clock.advance(1000)
  const held = machine.latest().values['pressure']
  fleet.inject({ machine: 'pump-1', fault: 'stuckSensor', tag: 'pressure', severity: 1, durationSeconds: 10 })
  expect(new Set(await record(clock, machine, 'pressure', 9))).toEqual(new Set([held]))
  expect(machine.latest().time).toBe(clock.now())
  expect(spread(await record(clock, machine, 'pressure', 10))).toBeGreaterThan(0)
})

test('A drift moves the reading steadily away from the truth', async () => {
  const { clock, fleet, machine } = await bringUp([pump])
  fleet.inject({ machine: 'pump-1', fault: 'drift', tag: 'temperature', severity: 1, durationSeconds: 60 })
  const off = (await record(clock, machine, 'temperature', 59)).map((value) => value - (machine.truth()['temperature'] as number))
  expect(off.at(-1)).toBeGreaterThan(25)
  expect(off[30]).toBeGreaterThan(10)
})

test('Noise widens the readings, spikes throw single ones far off', async () => {
  const { clock, fleet, machine } = await bringUp([pump])
  const usual = spread(await record(clock, machine, 'temperature', 60))
  fleet.inject({ machine: 'pump-1', fault: 'noise', severity: 1, durationSeconds: 60 })
  expect(spread(await record(clock, machine, 'temperature', 59))).toBeGreaterThan(10 * usual)
  await clock.advance(2000)
  fleet.inject({ machine: 'pump-1', fault: 'spikes', severity: 1, durationSeconds: 60 })
  const spiked = (await record(clock, machine, 'temperature', 59)).map((value) =>
    Math.abs(value - (machine.truth()['temperature'] as number)),
  )
  const far = spiked.filter((value) => value > 30).length
  expect(far).toBeGreaterThan(2)
  expect(far).toBeLessThan(25)
})

test('Sensor faults act on a temperature field, too', async () => {
  const { clock, fleet, machine } = await bringUp([printer])
  const field = () => machine.latest().values['field'] as ArrayValue
  await clock.advance(1000)
  const before = arrayStatistics(field()).mean
  const fault = fleet.inject({ machine: 'printer-1', fault: 'drift', severity: 1, durationSeconds: 20 })
  expect(fault.tag).toBe('field')
  await clock.advance(19_000)
  expect(arrayStatistics(field()).mean - before).toBeGreaterThan(5)
  await clock.advance(2000)
  const held = field()
  fleet.inject({ machine: 'printer-1', fault: 'stuckSensor', severity: 1, durationSeconds: 20 })
  await clock.advance(10_000)
  expect(field()).toBe(held)
})

test('A drop-out takes the machine off for its duration, a restart for five seconds and with fresh counters', async () => {
  const { clock, fleet, machine } = await bringUp([press])
  await clock.advance(10_000)
  fleet.inject({ machine: 'SIM001', fault: 'dropOut', severity: 1, durationSeconds: 30 })
  expect(fleet.machines[0]?.online).toBe(false)
  await clock.advance(29_000)
  expect(machine.online).toBe(false)
  await clock.advance(2000)
  expect(machine.online).toBe(true)
  const strokes = machine.latest().values['strokes'] as number
  fleet.inject({ machine: 'SIM001', fault: 'restart', severity: 1, durationSeconds: 60 })
  await clock.advance(4000)
  expect(machine.online).toBe(false)
  await clock.advance(2000)
  expect(machine.online).toBe(true)
  expect(machine.latest().values['strokes'] as number).toBeLessThan(strokes)
})

test.each(faultKinds)('The ground truth of %s has its start, its end and whether it is going on', async (fault: FaultKind) => {
  const { clock, fleet } = await bringUp([pump], 10)
  await clock.advance(1500)
  const start = clock.now()
  const answer = fleet.inject({ machine: 'site/pump-1', fault, severity: 0.5, durationSeconds: 100 })
  const lengthUs = fault === 'restart' ? 5_000_000 : 10_000_000
  expect(answer).toEqual({
    id: 1,
    machine: 'site/pump-1',
    fault,
    severity: 0.5,
    active: true,
    tag: ['stuckSensor', 'drift', 'noise', 'spikes'].includes(fault) ? 'temperature' : null,
    start: formatTime(start),
    end: formatTime(start + lengthUs),
  })
  await clock.advance(lengthUs / 1000)
  expect(fleet.faults).toEqual([{ ...answer, active: false }])
})

test('What cannot be is refused, with what can', async () => {
  const { fleet } = await bringUp([pump, printer, { ...pump, path: 'other/pump-1' }])
  const inject = (machine: string, fault: FaultKind, tag?: string) => () =>
    fleet.inject({ machine, fault, severity: 1, durationSeconds: 60, ...(tag === undefined ? {} : { tag }) })
  expect(inject('printer-1', 'leak')).toThrow(
    'site/printer-1 (dmls-printer) cannot have the fault leak; it can have overheating, bearingWear, stuckSensor, drift, noise, spikes, dropOut, restart',
  )
  expect(inject('site/pump-1', 'drift', 'humidity')).toThrow(
    'site/pump-1 measures no "humidity"; it measures temperature, vibration, pressure',
  )
  expect(inject('pump-1', 'leak')).toThrow('"pump-1" names site/pump-1, other/pump-1; write the whole path')
  expect(inject('pump-9', 'leak')).toThrow('no simulated machine "pump-9"')
  for (let i = 0; i < 20; i++) inject('site/pump-1', 'leak')()
  expect(inject('site/pump-1', 'leak')).toThrow('site/pump-1 has 20 faults at a time already')
})

test.each([
  [{ model: 'rocket' }, 'no model "rocket"; there are dmls-printer, pump, compressor, climate, smart-device, press-line'],
  [{ parameters: { colour: 1 } }, 'the model pump has no parameter "colour"; it has ambient, pressure, load, wearPerHour'],
  [{ serve: { profinet: {} } }, 'serve: no protocol "profinet"; there are opcua, mqtt, http, coap, modbus'],
  [{ serve: { mqtt: { url: 'localhost', topic: 'a' } } }, 'serve.mqtt.url: write the broker as mqtt://host:port'],
  [{ serve: { periodMs: 1 } }, 'serve.periodMs: write 50 to 3600000 milliseconds'],
  [{ serve: { modbus: { port: 1502 } } }, 'its profile rotating-equipment has no maps.modbus'],
])('A wrong entry in the plant file is named: %j', async (wrong, message) => {
  await expect(bringUp([{ ...pump, ...wrong }])).rejects.toThrow(message)
})
