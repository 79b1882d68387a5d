// CoAP over UDP: reads resources of a device (client mode), or takes what devices put and post (server mode). JSON messages, no DTLS.
import { defineDriver } from '#core/driver.ts'
import { CoapReader } from './client.ts'
import { CoapPush } from './server.ts'
import { addressSchema, settingsSchema, type CoapAddress, type CoapSettings } from './settings.ts'

export const coapDriver = defineDriver<CoapSettings, CoapAddress>({
  name: 'coap',
  title: 'CoAP',
  description: 'JSON resources over CoAP: observes or polls a device, or is the server that devices push to',
  settings: settingsSchema,
  address: addressSchema,
  create: (settings, points, context) =>
    settings.mode === 'server' ? new CoapPush(settings, points, context) : new CoapReader(settings, points, context),
})
