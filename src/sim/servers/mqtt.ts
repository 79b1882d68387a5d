// Publishes a machine's values as JSON to an MQTT broker: {"sensor": name, "timestamp": ISO 8601, tag: value, …}, QoS 1.
// Like a small device it keeps nothing: what it cannot publish now is lost, and counted.
import { connect, type MqttClient } from 'mqtt'
import { z } from 'zod'
import { formatTime } from '#core/time.ts'
import { defineProtocol, type ServerContext, type Snapshot } from './protocol-server.ts'

const settingsSchema = z.strictObject({
  /** With user and password in it where the broker wants them: mqtt://user:password@host:port. */
  url: z.url({ protocol: /^mqtts?$/, error: 'write the broker as mqtt://host:port' }),
  topic: z.string().min(1).max(1000),
})

/** Most messages waiting for the broker's confirmation; further ones are lost. */
const unconfirmedMax = 50
const reconnectMs = 2000
/** A broker that is not there yet is worth a word after so many tries, not at once: everything starts together. */
const quietTries = 5

export const mqttServer = defineProtocol({
  name: 'mqtt',
  settings: settingsSchema,
  create(settings: z.infer<typeof settingsSchema>, { machine, log }: ServerContext) {
    const counters = { published: 0, lost: 0 }
    let client: MqttClient | undefined
    let unconfirmed = 0
    return {
      counters,
      async start() {
        unconfirmed = 0
        let failures = 0
        const started = connect(settings.url, {
          clientId: `sim-${machine.path}`,
          reconnectPeriod: reconnectMs,
          connectTimeout: 5000,
          keepalive: 30,
        })
        started.on('connect', () => {
          if (failures >= quietTries) log.info(`simulated machines publish to the MQTT broker at ${safeUrl(settings.url)} now`)
          failures = 0
        })
        started.on('error', () => {})
        started.on('close', () => {
          if (started === client && ++failures === quietTries)
            log.warn(`no MQTT broker at ${safeUrl(settings.url)} for simulated machines; they go on trying`)
        })
        client = started
      },
      publish(snapshot) {
        if (!client?.connected || unconfirmed >= unconfirmedMax) {
          counters.lost++
          return
        }
        unconfirmed++
        const sender = client
        sender.publish(settings.topic, messageOfSnapshot(machine.name, snapshot), { qos: 1 }, (error) => {
          if (sender !== client) return
          unconfirmed--
          if (error) counters.lost++
          else counters.published++
        })
      },
      async stop() {
        const stopped = client
        client = undefined
        await stopped?.endAsync(true)
      },
    }
  },
})

function messageOfSnapshot(sensor: string, { time, values }: Snapshot): string {
  return JSON.stringify({ sensor, timestamp: formatTime(time), ...values })
}

/** A broker's address without the password in it. */
function safeUrl(url: string): string {
  const { protocol, host } = new URL(url)
  return `${protocol}//${host}`
}
