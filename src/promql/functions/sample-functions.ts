// Functions that make a new value of each value.

interface SampleFunction {
  /** Undefined: no value. */
  readonly at: (value: number, first: number, second: number) => number | undefined
  /** How many numbers follow the vector, and how many of them must. */
  readonly takes?: number
  readonly least?: number
  /** Without a parameter it is of the time of each step. */
  readonly ofTime?: boolean
}

const plain = (...names: (keyof Math & string)[]) =>
  Object.fromEntries(names.map((name) => [name, { at: Math[name] as (value: number) => number }]))

/** A part of a time in seconds since 1970, in UTC. */
const ofTime = (part: (time: Date) => number): SampleFunction => ({ at: (value) => part(new Date(Math.trunc(value) * 1000)), ofTime: true })

const dayMs = 86_400_000

export const sampleFunctions: Record<string, SampleFunction> = {
  ...plain('abs', 'ceil', 'floor', 'exp', 'log2', 'log10', 'sqrt'),
  ...plain('sin', 'cos', 'tan', 'asin', 'acos', 'atan', 'sinh', 'cosh', 'tanh', 'asinh', 'acosh', 'atanh'),
  ln: { at: Math.log },
  sgn: { at: Math.sign },
  deg: { at: (value) => (value * 180) / Math.PI },
  rad: { at: (value) => (value * Math.PI) / 180 },
  round: { at: roundTo, takes: 1, least: 0 },
  clamp: { at: (value, min, max) => (max < min ? undefined : Math.max(min, Math.min(max, value))), takes: 2 },
  clamp_min: { at: (value, min) => Math.max(min, value), takes: 1 },
  clamp_max: { at: (value, max) => Math.min(max, value), takes: 1 },
  minute: ofTime((time) => time.getUTCMinutes()),
  hour: ofTime((time) => time.getUTCHours()),
  day_of_week: ofTime((time) => time.getUTCDay()),
  day_of_month: ofTime((time) => time.getUTCDate()),
  day_of_year: ofTime((time) => Math.floor((time.getTime() - Date.UTC(time.getUTCFullYear(), 0)) / dayMs) + 1),
  days_in_month: ofTime((time) => new Date(Date.UTC(time.getUTCFullYear(), time.getUTCMonth() + 1, 0)).getUTCDate()),
  month: ofTime((time) => time.getUTCMonth() + 1),
  year: ofTime((time) => time.getUTCFullYear()),
}

/** Halves go up. */
function roundTo(value: number, to = 1): number {
  const inverse = 1 / to
  return Math.floor(value * inverse + 0.5) / inverse
}
