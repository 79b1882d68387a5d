// Samples in JSON: ISO times with microseconds, qualities by name, arrays by their shape.
import type { ArrayValue } from '#core/array.ts'
import type { Sample, Value } from '#core/batch.ts'
import { qualityName } from '#core/quality.ts'
import { formatTime } from '#core/time.ts'
import type { SampleJson } from '#api/schema.ts'

export function sampleJson({ time, value, quality }: Sample): SampleJson {
  return { time: formatTime(time), value: valueJson(value), quality: qualityName(quality) }
}

function valueJson(value: Value): SampleJson['value'] {
  return isArray(value) ? { shape: [...value.shape] } : value
}

function isArray(value: Value): value is ArrayValue {
  return typeof value === 'object' && value !== null
}
