// Numbers on the command line, refused with a plain sentence.
import { InvalidArgumentError } from 'commander'
import { storeQuotaFault } from '#core/plant.ts'
import { parseSize } from '#core/size.ts'

export function portArgument(text: string): number {
  const port = Number(text)
  if (/^\d+$/.test(text) && port <= 65_535) return port
  throw new InvalidArgumentError('write a port number from 0 to 65535')
}

export function positiveArgument(text: string): number {
  const number = Number(text)
  if (text.trim() !== '' && number > 0 && Number.isFinite(number)) return number
  throw new InvalidArgumentError('write a number above zero')
}

export function integerArgument(text: string): number {
  const number = Number(text)
  if (text.trim() !== '' && Number.isSafeInteger(number)) return number
  throw new InvalidArgumentError('write a whole number')
}

/** `50GB` as bytes. */
export function storeQuotaArgument(text: string): number {
  const bytes = parseSize(text)
  const fault = storeQuotaFault(bytes)
  if (fault === undefined) return bytes as number
  throw new InvalidArgumentError(fault)
}
