// What a sensor makes of a true value: noise, faults of the sensor itself, saturation, resolution.
import type { FaultKind } from '#core/fault.ts'
import type { Reading, Sensor } from './model.ts'
import { clamp } from './physics.ts'
import type { Random } from './random.ts'

export const sensorFaults = ['stuckSensor', 'drift', 'noise', 'spikes'] as const satisfies FaultKind[]
export type SensorFaultKind = (typeof sensorFaults)[number]

export interface SensorFault {
  readonly kind: SensorFaultKind
  readonly severity: number
  /** Simulated seconds since it began. */
  readonly seconds: number
  /** What the sensor showed when it began. */
  readonly held: Reading | undefined
}

/** Simulated seconds after which a drift of severity 1 is off by the sensor's span. */
const driftSeconds = 60
/** Standard deviation of the noise fault at severity 1, as a part of the span. */
const noisePart = 0.25
/** How likely a reading is a spike at severity 1. */
const spikeChance = 0.15

/** Measures a number or an array; the latter element by element, with one spike per frame at most. */
export function measure(sensor: Sensor, value: Reading, faults: readonly SensorFault[], random: Random): Reading {
  if (typeof value !== 'number' && typeof value !== 'object') return value
  const stuck = faults.find((fault) => fault.kind === 'stuckSensor' && fault.held !== undefined)
  if (stuck?.held !== undefined) return stuck.held
  let offset = 0
  let noise = sensor.noise
  let spike = 0
  for (const { kind, severity, seconds } of faults) {
    if (kind === 'drift') offset += (severity * sensor.span * seconds) / driftSeconds
    if (kind === 'noise') noise = Math.hypot(noise, severity * sensor.span * noisePart)
    if (kind === 'spikes' && random.next() < spikeChance * severity)
      spike = sensor.span * (1.5 + random.next()) * (random.next() < 0.2 ? -1 : 1)
  }
  const steps = 1 / sensor.resolution
  const show = (truth: number) =>
    clamp(Math.round((truth + offset + (noise > 0 ? noise * random.normal() : 0)) * steps) / steps, sensor.range[0], sensor.range[1])
  if (typeof value === 'number') return show(value + spike)
  const data = value.data.map(show)
  if (spike !== 0) {
    const at = Math.floor(random.next() * data.length)
    data[at] = show((value.data[at] as number) + spike)
  }
  return { shape: value.shape, data }
}
