// What an MQTT connection and an MQTT point are told.
import { z } from 'zod'
import { jsonAddressFields } from '#drivers/shared/json-address.ts'
import { filterFault, hasWildcard, topicLengthMax } from './topic.ts'

const packetBytesMax = z
  .int()
  .min(128)
  .max(256 * 1024 * 1024)
  .default(1024 * 1024)
  .describe('Largest packet in bytes; a peer that sends a larger one is cut off')

const clientSettings = z.strictObject({
  mode: z.literal('client').describe('Reads from an MQTT server (broker) that runs elsewhere'),
  url: z
    .url({ protocol: /^mqtts?$/, error: 'write mqtt://host:port, or mqtts://host:port for TLS' })
    .refine((url) => !/\/\/[^/]*@/.test(url), 'write the user and password in their own settings, not in the url')
    .describe('Address of the server: `mqtt://host:1883`, or `mqtts://host:8883` for TLS'),
  clientId: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .describe('Name of this client at the server, where it must be the only one; left out, a random one is made once and kept'),
  user: z.string().optional().describe('User name'),
  password: z.string().optional().describe('Password'),
  caFile: z
    .string()
    .optional()
    .describe('PEM file with the authority that signed the server’s certificate, where the system does not know it'),
  certFile: z.string().optional().describe('PEM file with this client’s certificate, where the server asks for one'),
  keyFile: z.string().optional().describe('PEM file with the key of that certificate'),
  qos: z
    .union([z.literal(0), z.literal(1)])
    .default(1)
    .describe('1: the server keeps each message until it is on disk here; 0: messages may be lost'),
  clean: z
    .boolean()
    .optional()
    .describe('Whether the server forgets this client when it is away; left out, false with QoS 1, so that it keeps messages meanwhile'),
  sessionExpirySeconds: z
    .int()
    .min(0)
    .max(0xffff_ffff)
    .default(7 * 24 * 3600)
    .describe('How long the server keeps messages while we are away (version 5; for version 4 the server decides)'),
  keepAliveSeconds: z.int().min(1).max(3600).default(30).describe('Longest silence before the connection is checked'),
  connectTimeoutMs: z.int().min(100).max(14_000).default(5000).describe('How long the server may take to accept'),
  version: z
    .union([z.literal(4), z.literal(5)])
    .default(4)
    .describe('4 is MQTT 3.1.1, 5 is MQTT 5'),
  packetBytesMax,
})

const brokerSettings = z.strictObject({
  mode: z.literal('broker').describe('Runs an MQTT broker (3.1.1) in this gateway, to which devices publish'),
  host: z.string().min(1).default('127.0.0.1').describe('Address to listen on; 0.0.0.0 lets the network in, without a password'),
  port: z.int().min(1).max(65_535).default(1883).describe('TCP port to listen on'),
  clientsMax: z.int().min(1).max(100_000).default(1000).describe('Most clients at a time; more are refused'),
  packetBytesMax,
})

export const settingsSchema = z.discriminatedUnion('mode', [clientSettings, brokerSettings])
export type MqttSettings = z.infer<typeof settingsSchema>
export type ClientSettings = z.infer<typeof clientSettings>
export type BrokerSettings = z.infer<typeof brokerSettings>

const topicFilter = z
  .string()
  .max(topicLengthMax)
  .superRefine((topic, context) => {
    const fault = filterFault(topic)
    if (fault) context.addIssue({ code: 'custom', message: fault })
  })

export const addressSchema = z.strictObject({
  topic: topicFilter.describe('Topic of the messages; the wildcards + and # may stand in it'),
  ...jsonAddressFields,
  commandTopic: topicFilter
    .refine((topic) => !hasWildcard(topic), 'a command goes to one topic: write it without + and #')
    .optional()
    .describe('Topic to which a written value is published, as plain JSON'),
})
export type MqttAddress = z.infer<typeof addressSchema>
