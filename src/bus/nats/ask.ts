// Questions to whoever answers on a subject, over core NATS: bytes there and bytes back, errors with their kind. An answer may be longer than
// a message; then it comes in parts.
import { errors, headers, type Msg } from '@nats-io/transport-node'
import { messageOf, NotSupported, Rejected, RetryLater } from '#core/errors.ts'
import type { NatsLink } from './connect.ts'

export type Answerer = (question: Uint8Array) => Promise<Uint8Array> | Uint8Array

/** Largest answer, in bytes. */
export const answerBytesMax = 32 << 20
/** Questions that one answerer works on at once. */
const underWayMax = 64
const partBytesMax = 256 << 10
const headerBytesMax = 4_096

const partsHeader = 'Millwright-Parts'
const errorHeader = 'Millwright-Error'
const messageHeader = 'Millwright-Message'
const errorKinds = { RetryLater, Rejected, NotSupported }

/** Answers questions under a subject until the returned function is called. Several answerers share the questions. */
export function serve({ connection }: NatsLink, subject: string, answerer: Answerer): () => void {
  let underWay = 0
  const answer = async (message: Msg) => {
    underWay += 1
    try {
      if (underWay > underWayMax) throw new RetryLater(`${underWayMax} questions are under way on ${subject}`)
      respond(message, await answerer(message.data), subject, connection.info?.max_payload ?? partBytesMax)
    } catch (error) {
      refuse(message, error)
    } finally {
      underWay -= 1
    }
  }
  const subscription = connection.subscribe(subject, {
    queue: 'answerers',
    callback: (error, message) => void (error ?? answer(message)),
  })
  // What is here already is still answered: whoever asked would wait for nothing.
  return () => void subscription.drain().catch(() => {})
}

/**
 * Asks and gives the answer. Throws `RetryLater` when nobody is there to answer or the whole answer does not come in time, `Rejected`,
 * `RetryLater` or `NotSupported` as the answerer says so.
 */
export async function ask(
  { connection, connected }: NatsLink,
  subject: string,
  question: Uint8Array,
  timeoutMs: number,
): Promise<Uint8Array> {
  if (!connected() || !connection.info) throw new RetryLater(`NATS cannot be reached, so nobody can be asked for ${subject}`)
  const { max_payload: bytesMax } = connection.info
  if (question.length > bytesMax)
    throw new Rejected(`the question on ${subject} has ${question.length} bytes, and NATS lets ${bytesMax} through: ask for less at once`)
  const parts: Uint8Array[] = []
  try {
    for await (const message of await connection.requestMany(subject, question, { strategy: 'sentinel', maxWait: timeoutMs })) {
      const kind = message.headers?.get(errorHeader)
      if (kind) throw errorOf(kind, decodeURIComponent(message.headers?.get(messageHeader) ?? ''))
      const announced = message.headers?.get(partsHeader)
      // The last message has no bytes and says how many parts there were.
      if (announced) {
        if (parts.length === Number(announced)) return Buffer.concat(parts)
        break
      }
      parts.push(message.data)
    }
  } catch (error) {
    if (error instanceof errors.RequestError || error instanceof errors.NoRespondersError)
      throw new RetryLater(`nobody answers on ${subject} now: ${messageOf(error)}`)
    throw error
  }
  throw new RetryLater(`the answer on ${subject} did not come within ${timeoutMs} ms`)
}

function respond(message: Msg, answer: Uint8Array, subject: string, payloadMax: number): void {
  if (answer.length > answerBytesMax)
    throw new Rejected(`the answer on ${subject} has ${answer.length} bytes, and ${answerBytesMax} are the most: ask for less at once`)
  const partBytes = Math.min(partBytesMax, payloadMax - headerBytesMax)
  let parts = 0
  for (let at = 0; at < answer.length; at += partBytes, parts++) message.respond(answer.subarray(at, at + partBytes))
  const head = headers()
  head.set(partsHeader, String(parts))
  message.respond(new Uint8Array(), { headers: head })
}

function refuse(message: Msg, error: unknown): void {
  const head = headers()
  head.set(errorHeader, error instanceof Error ? error.name : 'Error')
  head.set(messageHeader, encodeURIComponent(messageOf(error).slice(0, 500)))
  message.respond(new Uint8Array(), { headers: head })
}

function errorOf(kind: string, message: string): Error {
  const Kind = Object.hasOwn(errorKinds, kind) ? errorKinds[kind as keyof typeof errorKinds] : Error
  return new Kind(message)
}
