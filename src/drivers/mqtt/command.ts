// A written value as the payload of a command message.
import type { Value } from '#core/batch.ts'
import type { Point } from '#core/driver.ts'
import { Rejected } from '#core/errors.ts'
import type { MqttAddress } from './settings.ts'

/** How long a command may wait for its confirmation. */
export const commandTimeoutMs = 5000

export interface Command {
  readonly topic: string
  /** Plain JSON: `12.5`, `true`, `"open"` or `{ "shape": ..., "data": ... }`. */
  readonly payload: string
}

/** Throws `Rejected` when the point takes no commands. */
export function commandOf({ tag, address }: Point<MqttAddress>, value: Value): Command {
  if (address.commandTopic === undefined)
    throw new Rejected(`${tag} cannot be written: its address names no commandTopic to which a command could go`)
  if (value === null) throw new Rejected(`${tag} cannot be written without a value`)
  if (typeof value === 'number' && !Number.isFinite(value)) throw new Rejected(`${tag} cannot be set to ${value}: write a finite number`)
  const plain = typeof value === 'object' ? { shape: value.shape, data: [...value.data] } : value
  return { topic: address.commandTopic, payload: JSON.stringify(plain) }
}
