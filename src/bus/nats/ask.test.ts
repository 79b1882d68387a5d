import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { NotSupported, Rejected, RetryLater } from '#core/errors.ts'
import { linkTo, type TestLink } from '#test/support/nats-link.ts'
import { startNats, type NatsServer } from '#test/support/nats.ts'
import { answerBytesMax, ask, serve, type Answerer } from './ask.ts'

let server: NatsServer
let asker: TestLink
let owner: TestLink

beforeAll(async () => {
  server = await startNats()
  asker = await linkTo(server.url)
  owner = await linkTo(server.url)
})
afterAll(async () => {
  await asker.close()
  await owner.close()
  await server[Symbol.asyncDispose]()
})

async function answering(subject: string, answerer: Answerer): Promise<void> {
  onTestFinished(serve(owner, subject, answerer))
  await owner.connection.flush()
}

const bytes = (...values: number[]) => Uint8Array.from(values)

test('A question gets its answer, byte for byte, an empty one too', async () => {
  await answering('echo', (question) => question)
  expect(await ask(asker, 'echo', bytes(1, 2, 255), 5_000)).toEqual(Buffer.from([1, 2, 255]))
  expect((await ask(asker, 'echo', bytes(), 5_000)).length).toBe(0)
})

test('An answer longer than a message comes whole, and many at once do not mix', async () => {
  const long = (fill: number) => new Uint8Array(3_000_000 + fill).fill(fill)
  await answering('long', async ([fill = 0]) => long(fill))
  const answers = await Promise.all([1, 2, 3].map((fill) => ask(asker, 'long', bytes(fill), 20_000)))
  for (const [index, answer] of answers.entries()) expect(Buffer.compare(answer, long(index + 1))).toBe(0)
})

test('An answer beyond the bound is refused and says what to do', async () => {
  await answering('endless', () => new Uint8Array(answerBytesMax + 1))
  await expect(ask(asker, 'endless', bytes(), 5_000)).rejects.toThrow(Rejected)
  await expect(ask(asker, 'endless', bytes(), 5_000)).rejects.toThrow(/ask for less at once/)
})

test('Errors keep their kind and their sentence', async () => {
  const thrown = [new Rejected('no such tag: "ö"'), new RetryLater('not yet'), new NotSupported('never'), new TypeError('a bug')]
  await answering('refuse', ([which = 0]) => {
    throw thrown[which] as Error
  })
  for (const [which, error] of thrown.entries()) {
    const caught = await ask(asker, 'refuse', bytes(which), 5_000).catch((reason: unknown) => reason)
    expect(caught).toMatchObject({ message: error.message, name: error instanceof TypeError ? 'Error' : error.name })
  }
})

test('Where nobody answers, or not in time, the asker is told to try again', async () => {
  await expect(ask(asker, 'nobody', bytes(), 5_000)).rejects.toThrow(RetryLater)
  await expect(ask(asker, 'nobody', bytes(), 5_000)).rejects.toThrow(/nobody answers on nobody now/)
  await answering('slow', () => new Promise(() => {}))
  await expect(ask(asker, 'slow', bytes(), 200)).rejects.toThrow(RetryLater)
  await expect(ask(asker, 'slow', bytes(), 200)).rejects.toThrow(/did not come within 200 ms/)
})

test('A question too long for NATS is refused at once', async () => {
  await answering('big', (question) => question)
  await expect(ask(asker, 'big', new Uint8Array(2_000_000), 5_000)).rejects.toThrow(Rejected)
})
