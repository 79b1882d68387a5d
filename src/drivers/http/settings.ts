// What an HTTP push endpoint and its points are told.
import { z } from 'zod'
import { jsonAddressFields } from '#drivers/shared/json-address.ts'

export const settingsSchema = z.strictObject({
  host: z.string().min(1).default('127.0.0.1').describe('Address to listen on; 0.0.0.0 lets the network in, without a password'),
  port: z.int().min(1).max(65_535).default(8081).describe('TCP port to listen on'),
  bodyBytesMax: z
    .int()
    .min(100)
    .max(64 * 1024 * 1024)
    .default(1024 * 1024)
    .describe('Largest message in bytes; larger ones are refused with 413'),
  concurrentMax: z
    .int()
    .min(1)
    .max(10_000)
    .default(256)
    .describe('Most messages in hand at a time; more are refused with 503 for a moment'),
  requestTimeoutMs: z.int().min(100).max(300_000).default(10_000).describe('How long a device may take to send a whole request'),
})
export type HttpSettings = z.infer<typeof settingsSchema>

/** Any name that a machine can have. */
const deviceName = /^[^/\p{Cc}]{1,100}$/u

export const addressSchema = z.strictObject({
  device: z
    .string()
    .regex(deviceName, 'a device has a name of 1 to 100 characters, without /')
    .describe('Name of the device: it posts to `/push/<device>`, with what a URL cannot hold written as %20 and so on'),
  ...jsonAddressFields,
})
export type HttpAddress = z.infer<typeof addressSchema>
