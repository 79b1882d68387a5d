// A whole server in a process of its own, as `millwright start` runs it, with an embedded MQTT broker where devices publish.
import { once } from 'node:events'
import { connect } from 'node:net'
import pino from 'pino'
import { startServer, type RunningServer } from '#app/server.ts'
import { plantSchema } from '#core/plant.ts'
import { mqttDriver } from '#drivers/mqtt/driver.ts'
import { answerParent } from '#bench/support/child.ts'
import { tagName, tagPath } from '#bench/support/telemetry-file.ts'
import { untilAnswers } from '#bench/support/until-answers.ts'
import { timeField, topicOf } from './wire-bodies.ts'

let server: RunningServer

answerParent({
  /** Resolves with the port of the HTTP server. */
  async start(folder: string, tags: number, mqttPort: number | undefined) {
    const addressOf = (tag: number) => ({ topic: topicOf(tag), field: tagName(tag), time: timeField })
    const broker = {
      name: 'broker',
      driver: mqttDriver.name,
      settings: { mode: 'broker', port: mqttPort },
      tags: Object.fromEntries(Array.from({ length: tags }, (_, tag) => [tagPath(tag), addressOf(tag)])),
    }
    const plant = plantSchema.parse({ plant: 'Bench', connections: mqttPort === undefined ? [] : [broker] })
    server = await startServer({ plant: { ...plant, profiles: new Map() }, folder, port: 0, log: pino({ level: 'warn' }) })
    if (mqttPort !== undefined) await untilAnswers(() => connects(mqttPort))
    return Number(new URL(server.url).port)
  },
  stop: () => server.stop(),
})

/** The gateway starts its connections a moment after the server. */
async function connects(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.destroy()
}
