// CoAP messages as bytes (RFC 7252 §3) and the options that Millwright uses. Decoding never throws: what is no message is undefined.

export const types = { con: 0, non: 1, ack: 2, rst: 3 } as const
export type MessageType = (typeof types)[keyof typeof types]

/** Option numbers (RFC 7252 §5.10, RFC 7641 §2, RFC 7959 §2 and §4). */
export const optionNumbers = {
  ifMatch: 1,
  uriHost: 3,
  etag: 4,
  observe: 6,
  uriPort: 7,
  uriPath: 11,
  contentFormat: 12,
  maxAge: 14,
  uriQuery: 15,
  accept: 17,
  block2: 23,
  block1: 27,
  size1: 60,
} as const

export interface Option {
  readonly number: number
  readonly value: Buffer
}

export interface CoapMessage {
  readonly type: MessageType
  /** Class and detail in one byte: 2.05 is 0x45; 0 is the empty message. */
  readonly code: number
  readonly id: number
  readonly token: Buffer
  /** In any order; those of one number keep theirs. */
  readonly options: readonly Option[]
  readonly payload: Buffer
}

const codeOf = (text: string): number => (Number(text[0]) << 5) | Number(text.slice(2))
const codeWords: Record<string, string> = {
  '2.01': 'created',
  '2.04': 'changed',
  '2.05': 'content',
  '2.31': 'continue',
  '4.00': 'bad request',
  '4.01': 'unauthorized',
  '4.02': 'bad option',
  '4.03': 'forbidden',
  '4.04': 'not found',
  '4.05': 'method not allowed',
  '4.06': 'not acceptable',
  '4.08': 'request entity incomplete',
  '4.13': 'request entity too large',
  '4.15': 'unsupported content format',
  '4.29': 'too many requests',
  '5.00': 'internal server error',
  '5.01': 'not implemented',
  '5.02': 'bad gateway',
  '5.03': 'service unavailable',
  '5.04': 'gateway timeout',
}

export const codes = {
  empty: 0,
  get: 1,
  post: 2,
  put: 3,
  changed: codeOf('2.04'),
  content: codeOf('2.05'),
  continue: codeOf('2.31'),
  badRequest: codeOf('4.00'),
  badOption: codeOf('4.02'),
  notFound: codeOf('4.04'),
  methodNotAllowed: codeOf('4.05'),
  incomplete: codeOf('4.08'),
  tooLarge: codeOf('4.13'),
  unsupportedFormat: codeOf('4.15'),
  internalError: codeOf('5.00'),
  unavailable: codeOf('5.03'),
} as const

/** A code as people write it, with its meaning, e.g. `4.04 not found`. */
export function codeText(code: number): string {
  const digits = `${code >> 5}.${String(code & 31).padStart(2, '0')}`
  return codeWords[digits] === undefined ? digits : `${digits} ${codeWords[digits]}`
}

export const isRequest = (code: number): boolean => code > 0 && code < 32
export const isResponse = (code: number): boolean => code >= 64 && code < 192

const none = Buffer.alloc(0)

/** The message of a datagram, or undefined for anything that is none. */
export function decode(bytes: Buffer): CoapMessage | undefined {
  const first = bytes[0] ?? 0
  const tokenLength = first & 15
  if (bytes.length < 4 || first >> 6 !== 1 || tokenLength > 8 || bytes.length < 4 + tokenLength) return undefined
  const head = { type: ((first >> 4) & 3) as MessageType, code: bytes[1] as number, id: bytes.readUInt16BE(2) }
  if (head.code === codes.empty && bytes.length > 4) return undefined
  const token = bytes.subarray(4, 4 + tokenLength)
  const options: Option[] = []
  let at = 4 + tokenLength
  let number = 0
  /** A nibble's value with its extension bytes (§3.1), or -1 when it is none. */
  const extended = (nibble: number): number => {
    if (nibble < 13) return nibble
    const size = nibble - 12
    if (nibble === 15 || at + size > bytes.length) return -1
    at += size
    return size === 1 ? (bytes[at - 1] as number) + 13 : bytes.readUInt16BE(at - 2) + 269
  }
  while (at < bytes.length) {
    const byte = bytes[at++] as number
    if (byte === 0xff) return at < bytes.length ? { ...head, token, options, payload: bytes.subarray(at) } : undefined
    const delta = extended(byte >> 4)
    const length = extended(byte & 15)
    number += delta
    if (delta < 0 || length < 0 || number > 0xffff || at + length > bytes.length) return undefined
    options.push({ number, value: bytes.subarray(at, at + length) })
    at += length
  }
  return { ...head, token, options, payload: none }
}

export function encode({ type, code, id, token, options, payload }: CoapMessage): Buffer {
  const parts = [Buffer.of((1 << 6) | (type << 4) | token.length, code, id >> 8, id & 0xff), token]
  let number = 0
  for (const option of options.toSorted((a, b) => a.number - b.number)) {
    const delta = nibble(option.number - number)
    const length = nibble(option.value.length)
    parts.push(Buffer.of((delta.value << 4) | length.value), delta.more, length.more, option.value)
    number = option.number
  }
  if (payload.length > 0) parts.push(Buffer.of(0xff), payload)
  return Buffer.concat(parts)
}

function nibble(value: number): { value: number; more: Buffer } {
  if (value < 13) return { value, more: none }
  if (value < 269) return { value: 13, more: Buffer.of(value - 13) }
  return { value: 14, more: Buffer.of((value - 269) >> 8, (value - 269) & 0xff) }
}

export const empty = (type: MessageType, id: number): Buffer =>
  encode({ type, code: codes.empty, id, token: none, options: [], payload: none })

export const optionOf = ({ options }: CoapMessage, number: number): Buffer | undefined =>
  options.find((option) => option.number === number)?.value

/** The value of an option that is a number (§3.2), or undefined when it is absent or too long. */
export function uintOf(message: CoapMessage, number: number): number | undefined {
  const value = optionOf(message, number)
  if (value === undefined || value.length > 4) return undefined
  return value.length === 0 ? 0 : value.readUIntBE(0, value.length)
}

export function uintOption(number: number, value: number): Option {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  const start = bytes.findIndex((byte) => byte !== 0)
  return { number, value: start < 0 ? none : bytes.subarray(start) }
}

/** A part of a body that travels in blocks (RFC 7959 §2.2); `size` is 16 to 1024 bytes. */
export interface Block {
  readonly index: number
  readonly more: boolean
  readonly size: number
}

/** The block of a message; undefined when it has none, `invalid` when its size is the reserved one or the option is malformed. */
export function blockOf(message: CoapMessage, number: number): Block | 'invalid' | undefined {
  const option = optionOf(message, number)
  if (option === undefined) return undefined
  const value = uintOf(message, number)
  if (value === undefined || option.length > 3 || (value & 7) === 7) return 'invalid'
  return { index: value >>> 4, more: (value & 8) !== 0, size: 16 << (value & 7) }
}

export const blockOption = (number: number, { index, more, size }: Block): Option =>
  uintOption(number, index * 16 + (more ? 8 : 0) + (Math.log2(size) - 4))

/** The path and query of a request line such as `/a/b?c=d`, as options. */
export function pathOptions(path: string): Option[] {
  const [segments = '', ...query] = path.split('?')
  return [
    ...segments
      .slice(1)
      .split('/')
      .filter((segment, index) => index > 0 || segment !== '')
      .map((segment) => ({ number: optionNumbers.uriPath, value: Buffer.from(decodeURIComponent(segment)) })),
    ...query
      .join('?')
      .split('&')
      .filter((part) => part !== '')
      .map((part) => ({ number: optionNumbers.uriQuery, value: Buffer.from(decodeURIComponent(part)) })),
  ]
}

/** The path of a request as an address writes it, without its query. */
export function pathOf({ options }: Pick<CoapMessage, 'options'>): string {
  const segments = options.filter(({ number }) => number === optionNumbers.uriPath).map(({ value }) => encodeURIComponent(value.toString()))
  return `/${segments.join('/')}`
}
