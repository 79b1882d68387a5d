// Faults injected into simulated machines. The simulators' own control port answers in the same shapes.
import { z } from 'zod'

export const faultKinds = ['overheating', 'bearingWear', 'leak', 'stuckSensor', 'drift', 'noise', 'spikes', 'dropOut', 'restart'] as const
export type FaultKind = (typeof faultKinds)[number]

export const faultRequestSchema = z.strictObject({
  /** Path or name of a simulated machine. */
  machine: z.string(),
  fault: z.enum(faultKinds),
  /** The affected tag's name, for sensor faults; the machine's first metric when absent. */
  tag: z.string().optional(),
  /** 0 to 1: how strong. */
  severity: z.number().min(0).max(1).default(1),
  /** Simulated seconds; a restart takes its own time. */
  durationSeconds: z.number().positive().max(86_400).default(60),
})
export type FaultRequest = z.infer<typeof faultRequestSchema>

/** Ground truth: what was wrong with which machine from when to when. */
export const faultSchema = z.object({
  id: z.number(),
  machine: z.string(),
  fault: z.enum(faultKinds),
  tag: z.string().nullable(),
  severity: z.number(),
  start: z.string(),
  /** The planned end while it is going on. */
  end: z.string(),
  active: z.boolean(),
})
export type Fault = z.infer<typeof faultSchema>
export const faultListSchema = z.array(faultSchema)

/** A simulated machine with the faults it can have, and its tags that sensor faults can act on. */
export const simulatedMachineSchema = z.object({ path: z.string(), faults: z.array(z.enum(faultKinds)), sensors: z.array(z.string()) })
export type SimulatedMachine = z.infer<typeof simulatedMachineSchema>
export const simulatedMachineListSchema = z.array(simulatedMachineSchema)
