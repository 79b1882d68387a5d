// A hydraulic press line with a controller: strokes load the motor, heat the oil and count parts; `run` stops and starts it for real.
import { defineModel } from '#sim/model.ts'
import { inSteps, relax, wander } from '#sim/physics.ts'

const nominalRpm = 1480
const counterMax = 2_000_000_000

export const pressLine = defineModel({
  name: 'press-line',
  parameters: { ambient: 24, strokesPerMinute: 30, rejectRate: 0.01, wearPerHour: 0.0005 },
  faults: ['overheating', 'bearingWear', 'leak'],
  sensors: {
    temperature: { noise: 0.08, resolution: 0.01, span: 20, range: [-40, 200] },
    pressure: { noise: 0.4, resolution: 0.01, span: 60, range: [0, 400] },
    rpm: { noise: 2, resolution: 0.1, span: 400, range: [0, 3000] },
    motorCurrent: { noise: 0.15, resolution: 0.01, span: 15, range: [0, 150] },
    vibration: { noise: 0.03, resolution: 0.001, span: 2, range: [0, 50] },
    strokeRateSetpoint: { noise: 0, resolution: 1, span: 30, range: [5, 60] },
    strokes: { noise: 0, resolution: 1, span: 100, range: [0, counterMax] },
    parts: { noise: 0, resolution: 1, span: 100, range: [0, counterMax] },
    rejects: { noise: 0, resolution: 1, span: 100, range: [0, counterMax] },
  },
  writable: ['run', 'strokeRateSetpoint'],
  create(parameters, random) {
    let run = true
    let setpoint = parameters.strokesPerMinute
    let rpm = nominalRpm
    let strokeRate = setpoint
    let phase = 0
    let strokes = 0
    let parts = 0
    let rejects = 0
    let torque = 1
    let pressure = 120
    let temperature = parameters.ambient + 24
    let wear = 0.03 + 0.07 * random.next()
    let extraWear = 0
    let leakage = 0
    return {
      advance(seconds, { overheating, bearingWear, leak }) {
        inSteps(seconds, 1, (dt) => {
          leakage = relax(leakage, leak, dt, 4)
          wear = Math.min(1, wear + (parameters.wearPerHour * dt) / 3600)
          extraWear = relax(extraWear, bearingWear, dt, 10)
          const worn = Math.min(1.1, wear + extraWear)
          torque = wander(torque, 1, 0.02, 40, dt, random)
          rpm = relax(rpm, run ? nominalRpm * (1.02 - 0.02 * torque - 0.03 * worn) : 0, dt, 2)
          strokeRate = relax(strokeRate, run ? setpoint : 0, dt, 1.5)
          phase += (strokeRate / 60) * dt
          for (; phase >= 1; phase--) {
            strokes = (strokes + 1) % counterMax
            const bad = random.next() < parameters.rejectRate * (1 + 4 * worn + 10 * leakage)
            if (bad) rejects = (rejects + 1) % counterMax
            else parts = (parts + 1) % counterMax
          }
          pressure = relax(pressure, 122 * torque * (rpm / nominalRpm) * (1 - 0.5 * leakage), dt, 2)
          const heat = 6 * (rpm / nominalRpm) + 0.55 * torque * strokeRate * (1 + 0.8 * worn) + 8 * leakage
          temperature = relax(temperature, parameters.ambient + heat / (1 - 0.7 * overheating), dt, 90)
        })
      },
      readings: () => {
        const speed = rpm / nominalRpm
        const worn = Math.min(1.1, wear + extraWear)
        return {
          temperature,
          pressure: Math.max(0, pressure + 3 * speed * Math.sin(2 * Math.PI * phase)),
          rpm,
          motorCurrent: 6 * speed + 0.6 * torque * strokeRate * (1 + 0.3 * worn) + 2 * speed * Math.sin(2 * Math.PI * phase) ** 2,
          vibration: speed * (1.1 + 4 * worn ** 1.5),
          strokeRateSetpoint: setpoint,
          strokes,
          parts,
          rejects,
          run,
          running: rpm > 100,
        }
      },
      truth: () => ({ wear: Math.min(1, wear + extraWear) }),
      restart: () => {
        run = true
        setpoint = parameters.strokesPerMinute
        rpm = strokeRate = pressure = strokes = parts = rejects = 0
      },
      write(tag, value) {
        if (tag === 'run') run = Boolean(value)
        else setpoint = Number(value)
      },
    }
  },
})
