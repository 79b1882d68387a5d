// A centrifugal pump: the load sets the flow, the flow sets the pressure by the pump's curve, losses heat the motor,
// bearing wear adds friction (heat) and vibration, a leak adds flow.
import { defineModel } from '#sim/model.ts'
import { clamp, inSteps, relax, wander } from '#sim/physics.ts'

const thermalSeconds = 60

export const pump = defineModel({
  name: 'pump',
  parameters: { ambient: 24, pressure: 62, load: 0.7, wearPerHour: 0.0005 },
  faults: ['overheating', 'bearingWear', 'leak'],
  sensors: {
    temperature: { noise: 0.1, resolution: 0.01, span: 30, range: [-40, 200] },
    vibration: { noise: 0.008, resolution: 0.001, span: 0.5, range: [0, 20] },
    pressure: { noise: 0.15, resolution: 0.01, span: 25, range: [0, 160] },
  },
  writable: [],
  create(parameters, random) {
    let load = parameters.load
    let leakage = 0
    let wear = 0.03 + 0.07 * random.next()
    let extraWear = 0
    let pressure = parameters.pressure
    let temperature = parameters.ambient + 34
    let power = 0
    return {
      advance(seconds, { overheating, bearingWear, leak }) {
        inSteps(seconds, 1, (dt) => {
          load = clamp(wander(load, parameters.load, 0.05, 120, dt, random), 0.3, 1)
          leakage = relax(leakage, 0.5 * leak, dt, 4)
          wear = Math.min(1, wear + (parameters.wearPerHour * dt) / 3600)
          extraWear = relax(extraWear, bearingWear, dt, 10)
          const flow = load + leakage
          pressure = relax(pressure, parameters.pressure * (1.25 - 0.25 * (flow / 0.7) ** 2), dt, 2)
          const hydraulic = (flow * pressure) / 62
          const friction = 0.14 + 0.3 * Math.min(1.2, wear + extraWear)
          power = 11 * (hydraulic + friction)
          const cooling = 1 - 0.6 * overheating
          temperature = relax(temperature, parameters.ambient + (105 * (0.25 * hydraulic + friction)) / cooling, dt, thermalSeconds)
        })
      },
      readings: () => ({ temperature, vibration: 0.21 + 0.1 * load + 0.9 * (wear + extraWear) ** 1.5, pressure: Math.max(0, pressure) }),
      truth: () => ({ wear: Math.min(1, wear + extraWear), load, powerKw: power }),
      restart: () => {
        pressure = 0
      },
    }
  },
})
