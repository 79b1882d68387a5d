// The contract of a simulated machine's physics: true state in, readings out. Sensors, faults of sensors, protocols and time are others' work.
import type { ArrayValue } from '#core/array.ts'
import type { Random } from './random.ts'

/** Faults that act on the physics; the others act on a sensor or on the machine as a whole and every model supports them. */
export const physicalFaults = ['overheating', 'bearingWear', 'leak'] as const
export type PhysicalFault = (typeof physicalFaults)[number]

/** Severity of each physical fault, 0 (none) to 1. */
export type Disturbance = Readonly<Record<PhysicalFault, number>>

export const undisturbed: Disturbance = { overheating: 0, bearingWear: 0, leak: 0 }

export type Reading = number | boolean | string | ArrayValue
export type Readings = Record<string, Reading>

/** How a numeric or array tag is measured; all in the tag's unit. */
export interface Sensor {
  /** Standard deviation of the measurement noise. */
  readonly noise: number
  /** Readings are whole multiples of it. */
  readonly resolution: number
  /** A typical swing of the value: the measure for drift and spikes. */
  readonly span: number
  /** Where the sensor saturates. */
  readonly range: readonly [number, number]
}

export interface Model {
  /** Lets simulated time pass; any length, split into stable steps inside. */
  advance(seconds: number, disturbance: Disturbance): void
  /** The true values by tag name, before sensors. */
  readings(): Readings
  /** What no sensor shows, e.g. wear (0 new, 1 failed): ground truth for predictions. */
  truth(): Record<string, number>
  /** What a power cycle resets: counters, sequences, set points. Heat and wear stay. */
  restart(): void
  /** Takes a value for a writable tag; type and range have been checked. */
  write?(tag: string, value: number | boolean): void
}

export interface ModelDefinition {
  readonly name: string
  /** Every parameter with its default. */
  readonly parameters: Readonly<Record<string, number>>
  readonly faults: readonly PhysicalFault[]
  /** The numeric and array tags. Others (text, boolean) are shown as they are. */
  readonly sensors: Readonly<Record<string, Sensor>>
  readonly writable: readonly string[]
  create(parameters: Readonly<Record<string, number>>, random: Random): Model
}

/** Keeps the names of a model's parameters typed inside it; the catalog then holds it as a plain `ModelDefinition`. */
export function defineModel<Parameters extends Readonly<Record<string, number>>>(
  definition: Omit<ModelDefinition, 'parameters' | 'create'> & {
    readonly parameters: Parameters
    create(parameters: { readonly [Name in keyof Parameters]: number }, random: Random): Model
  },
): ModelDefinition {
  return { ...definition, create: (parameters, random) => definition.create({ ...definition.parameters, ...parameters }, random) }
}
