// What a CoAP connection and a CoAP point are told.
import { z } from 'zod'
import { jsonAddressFields } from '#drivers/shared/json-address.ts'
import { pathOptions } from './message.ts'

const port = z.int().min(1).max(65_535).default(5683)
const bodyBytesMax = z
  .int()
  .min(16)
  .max(16 * 1024 * 1024)
  .default(1024 * 1024)

const clientSettings = z.strictObject({
  mode: z.literal('client').describe('Reads resources of a device that is a CoAP server'),
  host: z.string().min(1).describe('Host name or address of the device'),
  port: port.describe('UDP port of the device'),
  observe: z.boolean().default(true).describe('Whether to be told of changes (RFC 7641) where the device can; otherwise it is polled'),
  periodMs: z.int().min(10).max(86_400_000).default(1000).describe('How often what is not observed is read'),
  refreshMs: z
    .int()
    .min(10)
    .max(86_400_000)
    .default(10_000)
    .describe('An observed value that did not change for so long is asked for again, in case its notification was lost'),
  timeoutMs: z.int().min(50).max(14_000).default(5000).describe('How long an answer may take, repetitions included'),
  bodyBytesMax: bodyBytesMax.describe('Largest answer in bytes, in however many blocks'),
})

const serverSettings = z.strictObject({
  mode: z.literal('server').describe('Runs a CoAP server in this gateway, to which devices put or post'),
  host: z.string().min(1).default('127.0.0.1').describe('Address to listen on; 0.0.0.0 lets the network in, without a password'),
  port: port.describe('UDP port to listen on'),
  bodyBytesMax: bodyBytesMax.describe('Largest message in bytes, in however many blocks; larger ones are refused with 4.13'),
})

export const settingsSchema = z.discriminatedUnion('mode', [clientSettings, serverSettings])
export type CoapSettings = z.infer<typeof settingsSchema>
export type ClientSettings = z.infer<typeof clientSettings>
export type ServerSettings = z.infer<typeof serverSettings>

/** Most bytes in one segment or query part (RFC 7252 §5.10). */
const segmentBytesMax = 255

function pathFault(path: string): string | undefined {
  if (!/^\/[^#\s]*$/.test(path)) return 'write a path such as /sensor or /sensors/1?unit=C'
  try {
    return pathOptions(path).some(({ value }) => value.length > segmentBytesMax)
      ? `a part of the path is longer than ${segmentBytesMax} bytes`
      : undefined
  } catch {
    return 'a % in the path stands before two hexadecimal digits; write %25 for the character itself'
  }
}

export const addressSchema = z.strictObject({
  path: z
    .string()
    .max(500)
    .superRefine((path, context) => {
      const fault = pathFault(path)
      if (fault) context.addIssue({ code: 'custom', message: fault })
    })
    .describe('Path of the resource: `/sensor` on the device, or `/push/pump-1` where devices put or post'),
  ...jsonAddressFields,
})
export type CoapAddress = z.infer<typeof addressSchema>
