// A piston compressor that keeps a tank between two pressures: it runs, heats up, stops at the upper one, cools down, starts at the lower one.
import { defineModel } from '#sim/model.ts'
import { inSteps, relax, wander } from '#sim/physics.ts'

const fillBarPerSecond = 0.45
const thermalSeconds = 60

export const compressor = defineModel({
  name: 'compressor',
  parameters: { ambient: 24, cutIn: 70, cutOut: 80, demandBarPerSecond: 0.2, wearPerHour: 0.0005 },
  faults: ['overheating', 'bearingWear', 'leak'],
  sensors: {
    temperature: { noise: 0.1, resolution: 0.01, span: 30, range: [-40, 200] },
    vibration: { noise: 0.008, resolution: 0.001, span: 0.5, range: [0, 20] },
    pressure: { noise: 0.1, resolution: 0.01, span: 10, range: [0, 160] },
  },
  writable: [],
  create(parameters, random) {
    let running = true
    let demand = parameters.demandBarPerSecond
    let pressure = parameters.cutIn + (parameters.cutOut - parameters.cutIn) * random.next()
    let temperature = parameters.ambient + 28
    let vibration = 0.3
    let leakage = 0
    let wear = 0.03 + 0.07 * random.next()
    let extraWear = 0
    return {
      advance(seconds, { overheating, bearingWear, leak }) {
        inSteps(seconds, 1, (dt) => {
          demand = Math.max(0.05, wander(demand, parameters.demandBarPerSecond, 0.04, 60, dt, random))
          leakage = relax(leakage, 0.4 * leak, dt, 4)
          wear = Math.min(1, wear + (parameters.wearPerHour * dt) / 3600)
          extraWear = relax(extraWear, bearingWear, dt, 10)
          if (pressure <= parameters.cutIn) running = true
          else if (pressure >= parameters.cutOut) running = false
          // Both flows shrink with the tank's own pressure, so that a leak ends in a low pressure, not in a negative one.
          const outflow = (demand + leakage) * Math.min(1, pressure / parameters.cutIn)
          pressure = Math.max(0, pressure + dt * ((running ? fillBarPerSecond : 0) - outflow))
          const friction = 12 * Math.min(1.2, wear + extraWear)
          const rise = running ? 44 + friction : 12
          temperature = relax(temperature, parameters.ambient + rise / (1 - 0.65 * overheating), dt, thermalSeconds)
          vibration = relax(vibration, running ? 0.42 + 0.8 * (wear + extraWear) ** 1.5 : 0.06, dt, 1)
        })
      },
      readings: () => ({ temperature, vibration, pressure }),
      truth: () => ({ wear: Math.min(1, wear + extraWear), running: Number(running) }),
      restart: () => {
        running = false
        vibration = 0
      },
    }
  },
})
