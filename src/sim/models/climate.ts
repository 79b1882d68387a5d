// The air of a room: outdoor day cycle, heating and cooling with hysteresis, humidity as water per volume of air (so warming dries, relatively).
// Its values are writable: writing one puts the room and its controller there.
import { defineModel } from '#sim/model.ts'
import { clamp, inSteps, relax, saturationHumidity, wander } from '#sim/physics.ts'

const exchangeSeconds = 3600
const heatingPerSecond = 0.012
const coolingPerSecond = 0.01
const moisteningPerSecond = 0.012

export const climate = defineModel({
  name: 'climate',
  parameters: { setpoint: 22, humiditySetpoint: 45, outdoorMean: 12, startHour: 8 },
  faults: ['overheating', 'leak'],
  sensors: {
    temperature: { noise: 0.03, resolution: 0.01, span: 8, range: [-40, 85] },
    humidity: { noise: 0.15, resolution: 0.01, span: 30, range: [0, 100] },
  },
  writable: ['temperature', 'humidity'],
  create(parameters, random) {
    let { setpoint, humiditySetpoint } = parameters
    let time = parameters.startHour * 3600
    let temperature = setpoint + random.next() - 0.5
    let water = (humiditySetpoint / 100) * saturationHumidity(temperature)
    let people = 0
    let heating = false
    let cooling = false
    let moistening = false
    const humidity = () => clamp((100 * water) / saturationHumidity(temperature), 0, 100)
    return {
      advance(seconds, { overheating, leak }) {
        inSteps(seconds, 5, (dt) => {
          time += dt
          const outdoor = parameters.outdoorMean + 6 * Math.sin((2 * Math.PI * (time / 3600 - 9)) / 24)
          const outdoorWater = 0.7 * saturationHumidity(outdoor)
          people = wander(people, 1, 0.4, 900, dt, random)
          if (temperature < setpoint - 0.4) heating = true
          else if (temperature > setpoint + 0.4) heating = false
          if (temperature > setpoint + 1.2) cooling = true
          else if (temperature < setpoint + 0.4) cooling = false
          if (humidity() < humiditySetpoint - 2) moistening = true
          else if (humidity() > humiditySetpoint + 2) moistening = false
          const exchange = exchangeSeconds / (1 + 11 * leak)
          temperature = relax(temperature, outdoor, dt, exchange)
          // A heating that sticks wins over the cooling.
          const stuck = 0.15 * overheating
          temperature += dt * ((heating ? heatingPerSecond : 0) + 0.0006 * people + stuck - (cooling ? coolingPerSecond : 0))
          temperature = Math.min(temperature, 70)
          water = relax(water, outdoorWater, dt, exchange)
          water = Math.max(0.1, water + dt * ((moistening ? moisteningPerSecond : 0) + 0.0004 * people - (cooling ? 0.004 : 0)))
          water = Math.min(water, saturationHumidity(temperature))
        })
      },
      readings: () => ({ temperature, humidity: humidity() }),
      truth: () => ({ heating: Number(heating), cooling: Number(cooling), setpoint, humiditySetpoint }),
      restart: () => {
        ;({ setpoint, humiditySetpoint } = parameters)
      },
      write(tag, value) {
        if (tag === 'temperature') {
          const before = humidity()
          setpoint = temperature = Number(value)
          water = (before / 100) * saturationHumidity(temperature)
        } else {
          humiditySetpoint = Number(value)
          water = (humiditySetpoint / 100) * saturationHumidity(temperature)
        }
      },
    }
  },
})
