// The models by the name that a plant file gives.
import type { ModelDefinition } from '#sim/model.ts'
import { climate } from './climate.ts'
import { compressor } from './compressor.ts'
import { dmlsPrinter } from './dmls-printer.ts'
import { pressLine } from './press-line.ts'
import { pump } from './pump.ts'
import { smartDevice } from './smart-device.ts'

export const models: ReadonlyMap<string, ModelDefinition> = new Map(
  [dmlsPrinter, pump, compressor, climate, smartDevice, pressLine].map((model) => [model.name, model]),
)
