// The few equations that every lumped model is made of. Times in seconds.
import type { Random } from './random.ts'

/** First-order lag: where `value` is after `dt` on its way to `target` with time constant `tau`. Exact, so stable for any step. */
export function relax(value: number, target: number, dt: number, tau: number): number {
  return target + (value - target) * Math.exp(-dt / tau)
}

/** Ornstein-Uhlenbeck process: a load that wanders about `mean` with standard deviation `sigma` and correlation time `tau`. Exact for any step. */
export function wander(value: number, mean: number, sigma: number, tau: number, dt: number, random: Random): number {
  const kept = Math.exp(-dt / tau)
  return mean + (value - mean) * kept + sigma * Math.sqrt(1 - kept * kept) * random.normal()
}

/** Splits `seconds` into equal steps of at most `stepMax`. */
export function inSteps(seconds: number, stepMax: number, step: (dt: number) => void): void {
  const count = Math.max(1, Math.ceil(seconds / stepMax - 1e-9))
  for (let i = 0; i < count; i++) step(seconds / count)
}

export function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value))
}

/** Water vapour that air at a temperature (°C) can hold, in g/m³: the Magnus formula (WMO-No. 8, annex 4.B) and the ideal gas law. */
export function saturationHumidity(temperature: number): number {
  const vapourPressureHpa = 6.112 * Math.exp((17.62 * temperature) / (243.12 + temperature))
  return (216.7 * vapourPressureHpa) / (273.15 + temperature)
}
