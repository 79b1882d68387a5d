// A metal printer (direct metal laser sintering): the laser of `laser-path.ts` heats the powder bed of `heat-field.ts`.
import { defineModel } from '#sim/model.ts'
import { clamp, inSteps, relax, wander } from '#sim/physics.ts'
import { HeatField, heatStepSecondsMax } from './heat-field.ts'
import { LaserPath } from './laser-path.ts'

const size = 100
const spotSigmaMm = 2.2
/** °C·mm² that one kilojoule of laser light brings to the surface. */
const heatPerKilojoule = 18_000
const lossSeconds = 22
/** The field forgets in a few times `lossSeconds`: before that, a longer jump in time moves the laser only. */
const memorySeconds = 120
const vibrationOf = { scanning: 0.4, recoating: 1.3, idle: 0.15 }

export const dmlsPrinter = defineModel({
  name: 'dmls-printer',
  parameters: {
    ambient: 24,
    laserPower: 0.3,
    speedMmPerSecond: 60,
    layers: 400,
    recoatSeconds: 8,
    idleSeconds: 300,
    wearPerHour: 0.0005,
  },
  faults: ['overheating', 'bearingWear'],
  sensors: {
    field: { noise: 0.05, resolution: 0.1, span: 30, range: [20, 80] },
    laserPower: { noise: 0.0005, resolution: 0.001, span: 0.3, range: [0, 1] },
    vibration: { noise: 0.02, resolution: 0.001, span: 1, range: [0, 20] },
    layer: { noise: 0, resolution: 1, span: 100, range: [0, 100_000] },
  },
  writable: [],
  create(parameters, random) {
    const field = new HeatField(size, parameters.ambient)
    const laser = new LaserPath({ ...parameters, size })
    // Somewhere in its first hours, so that two printers do not move in step.
    laser.advance(random.next() * 7200, () => {})
    let ripple = 1
    let vibration = vibrationOf.idle
    let wear = 0.02 + 0.08 * random.next()
    let extraWear = 0
    let power = 0
    return {
      advance(seconds, { overheating, bearingWear }) {
        const skipped = Math.max(0, seconds - memorySeconds)
        if (skipped > 0) laser.advance(skipped, () => {})
        wear = Math.min(1, wear + (parameters.wearPerHour * seconds) / 3600)
        inSteps(seconds - skipped, heatStepSecondsMax, (dt) => {
          ripple = wander(ripple, 1, 0.01, 5, dt, random)
          extraWear = relax(extraWear, bearingWear, dt, 10)
          power = parameters.laserPower * ripple * (1 + 0.5 * overheating)
          laser.advance(dt, (x0, y0, x1, y1, exposedSeconds) => {
            const spots = Math.max(1, Math.ceil(Math.hypot(x1 - x0, y1 - y0)))
            const amount = (power * exposedSeconds * heatPerKilojoule) / spots
            for (let spot = 0; spot < spots; spot++) {
              const part = (spot + 0.5) / spots
              field.heat(x0 + (x1 - x0) * part, y0 + (y1 - y0) * part, spotSigmaMm, amount)
            }
          })
          // Fresh powder and gas flow cool the bed faster while it is recoated; a fault of the gas flow cools it less.
          field.step(dt, (laser.phase === 'recoating' ? 0.7 : 1) * lossSeconds * (1 + 0.6 * overheating))
          vibration = relax(vibration, vibrationOf[laser.phase] + 3 * (wear + extraWear) ** 2, dt, 0.5)
        })
      },
      readings: () => ({
        field: { shape: [size, size], data: field.cells.map((value) => clamp(value, 20, 80)) },
        laserPower: laser.phase === 'scanning' ? power : 0,
        vibration,
        layer: laser.layer,
        state: laser.phase,
      }),
      truth: () => ({ wear: Math.min(1, wear + extraWear) }),
      restart: () => laser.restart(),
    }
  },
})
