// The part of an address that says where in a JSON message a value is; MQTT, HTTP and CoAP add their topic, device or path to it.
import { z } from 'zod'
import { parseFieldPath } from './field-path.ts'

const example = 'write names, with . between them and [0] for positions, such as temperature or a.b[0].c'
const fieldPath = z
  .string()
  .max(1000)
  .refine((text) => parseFieldPath(text) !== undefined, `this is no path into a JSON message; ${example}`)

export const jsonAddressFields = {
  field: fieldPath
    .optional()
    .describe('Where the value is in the message, e.g. `temperature` or `a.b[0].c`; left out, the message itself is the value'),
  time: fieldPath.optional().describe('Where the source time is: ISO 8601, or seconds, ms or µs since 1970; left out, the time of arrival'),
  where: z
    .record(fieldPath, z.string())
    .optional()
    .describe('Only messages whose fields equal these texts are this point’s, e.g. `{ sensor: climate-1 }`'),
}

export interface JsonAddress {
  readonly field?: string | undefined
  readonly time?: string | undefined
  readonly where?: Readonly<Record<string, string>> | undefined
}
