// A networked actuator: traffic drives the CPU, pressure and CPU drive the temperature, wear raises vibration and temperature until it fails;
// some time after its failure it is replaced by a new one.
import { defineModel } from '#sim/model.ts'
import { clamp, inSteps, relax, saturationHumidity, wander } from '#sim/physics.ts'

export const smartDevice = defineModel({
  name: 'smart-device',
  parameters: {
    ambient: 24,
    /** Hours from new to failed at normal load; 0 draws 200 to 2000. */
    lifeHours: 0,
    /** Wear at the start; below 0 draws 0 to 0.4. */
    wearStart: -1,
    /** Hours that a failed device stands before it is replaced. */
    repairHours: 1,
  },
  faults: ['overheating', 'bearingWear', 'leak'],
  sensors: {
    temperature: { noise: 0.1, resolution: 0.01, span: 20, range: [-40, 150] },
    pressure: { noise: 0.02, resolution: 0.001, span: 2, range: [0, 16] },
    vibration: { noise: 0.03, resolution: 0.001, span: 2, range: [0, 50] },
    cpuLoad: { noise: 0.4, resolution: 0.1, span: 40, range: [0, 100] },
    humidity: { noise: 0.15, resolution: 0.01, span: 20, range: [0, 100] },
    networkTraffic: { noise: 0.05, resolution: 0.01, span: 10, range: [0, 1000] },
  },
  writable: [],
  create(parameters, random) {
    const usualTraffic = 3 + 5 * random.next()
    const usualPressure = 3.6 + 0.8 * random.next()
    const lifeHours = parameters.lifeHours > 0 ? parameters.lifeHours : 200 * 10 ** random.next()
    let wear = parameters.wearStart >= 0 ? parameters.wearStart : 0.4 * random.next()
    let extraWear = 0
    let failedHours = 0
    let traffic = usualTraffic
    let burst = 0
    let supply = usualPressure
    let leakage = 0
    let pressure = usualPressure
    let cpuLoad = 30
    let water = 14
    let temperature = 44
    return {
      advance(seconds, { overheating, bearingWear, leak }) {
        inSteps(seconds, 1, (dt) => {
          traffic = Math.max(0.1, wander(traffic, usualTraffic, 0.8, 30, dt, random))
          if (random.next() < dt * 0.004) burst = 10
          burst = relax(burst, 0, dt, 12)
          cpuLoad = relax(cpuLoad, clamp(12 + 3 * (traffic + burst), 0, 96), dt, 3)
          supply = Math.max(0, wander(supply, usualPressure, 0.25, 60, dt, random))
          leakage = relax(leakage, 0.85 * leak, dt, 6)
          pressure = supply * (1 - leakage)
          extraWear = relax(extraWear, bearingWear, dt, 10)
          wear = Math.min(1, wear + ((0.6 + 0.1 * pressure) * dt) / (3600 * lifeHours))
          failedHours = wear < 1 ? 0 : failedHours + dt / 3600
          if (failedHours >= parameters.repairHours) wear = 0
          const worn = Math.min(1.1, wear + extraWear)
          const rise = 4 * pressure + 0.12 * cpuLoad + 32 * worn ** 2
          temperature = relax(temperature, parameters.ambient + rise / (1 - 0.72 * overheating), dt, 45)
          water = wander(water, 14, 0.6, 600, dt, random)
        })
      },
      readings: () => ({
        temperature,
        pressure,
        vibration: 0.8 + 0.1 * pressure + 4.5 * Math.min(1.1, wear + extraWear) ** 2,
        cpuLoad,
        humidity: clamp((100 * water) / saturationHumidity(temperature), 0, 100),
        networkTraffic: traffic + burst,
      }),
      truth: () => ({ wear: Math.min(1, wear + extraWear), remainingHours: Math.max(0, 1 - wear) * lifeHours }),
      restart: () => {
        traffic = 0.1
        burst = 0
        cpuLoad = 100
      },
    }
  },
})
