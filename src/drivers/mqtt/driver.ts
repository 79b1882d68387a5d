// MQTT: reads a server (client mode), or is the server itself (broker mode). JSON messages.
import type { DriverContext, Point } from '#core/driver.ts'
import { defineDriver } from '#core/driver.ts'
import { MqttBroker } from './broker.ts'
import { MqttReader } from './client.ts'
import { addressSchema, settingsSchema, type MqttAddress, type MqttSettings } from './settings.ts'

export const mqttDriver = defineDriver<MqttSettings, MqttAddress>({
  name: 'mqtt',
  title: 'MQTT',
  description: 'JSON messages over MQTT 3.1.1 or 5: subscribes at a server, or runs a broker that devices publish to',
  settings: settingsSchema,
  address: addressSchema,
  create: (settings: MqttSettings, points: readonly Point<MqttAddress>[], context: DriverContext) =>
    settings.mode === 'broker' ? new MqttBroker(settings, points, context) : new MqttReader(settings, points, context),
})
